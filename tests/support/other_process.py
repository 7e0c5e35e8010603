"""Another process that takes something and keeps it until its input ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent


@contextmanager
def holding(program: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """The process of a program, as soon as it has printed "held"; it finds the sources and the support of tests."""
    paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()

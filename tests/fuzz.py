"""Damages files, settings, runs and command lines for as long as it is told; keeps what is not refused in a sentence.

    python -m tests.fuzz --seconds 600 --keep outputs/fuzz

Every round has a seed of its own; the first is that of the day unless ``--seed`` is given. Exit code 1 if anything was
found: each kind of failure is kept once, and what was said of it beside it.
"""

import argparse
import contextlib
import io
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from diffshape.cli.main import main as command

from .cli import test_fuzzing as commands
from .cli.conftest import TINY, ball_points
from .data import test_fuzzing as readers

BATCH = 50
"""Damaged things of a kind before it is another kind's turn."""

Failure = tuple[str, bytes, Exception]
"""Name and content of what was damaged, and what happened."""


def finished_run(folder: Path) -> Path:
    """A small fit, whose files are to be damaged."""
    np.save(folder / "ball.npy", ball_points())
    with contextlib.redirect_stdout(io.StringIO()):
        assert command(["fit", str(folder / "ball.npy"), "--out", str(folder / "run"), *TINY, "--quiet"]) == 0
    return folder / "run"


def kinds(run: Path) -> dict[str, Callable[..., Iterator[Failure]]]:
    """What is damaged, by name: called with a number, a folder and a seed, each gives its failures."""
    formats = [suffix for suffix in readers.SEEDS if find_spec(readers.PACKAGES.get(suffix, "numpy"))]
    return {
        "lines": commands.line_failures,
        "settings": partial(commands.settings_failures, run),
        "runs": partial(commands.run_failures, run),
        **{suffix: partial(readers.failures, suffix) for suffix in formats},
    }


def said(error: Exception) -> str:
    """Where an error comes from and how it begins; tells failures apart."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}: {str(error)[:80]}"


def keep(folder: Path, failure: Failure) -> Path:
    """Write what was damaged into a new folder, and the traceback beside it; returns its path."""
    name, data, error = failure
    place = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{len(list(folder.glob('*')))}"
    place.mkdir(parents=True)
    (place / name).write_bytes(data)
    (place / "said.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return place / name


def fuzz(seconds: float, folder: Path, seed: int) -> int:
    """Damage and try until the time is over, one round at least; returns how many kinds of failures were kept."""
    tried, found, end = Counter(), set(), time.monotonic() + seconds
    with TemporaryDirectory() as work:
        of_kind = kinds(finished_run(Path(work)))
        for number in count(seed):
            for name, failures in of_kind.items():
                with TemporaryDirectory() as place:
                    for failure in failures(BATCH, Path(place), seed=number):
                        if said(failure[2]) not in found:
                            found.add(said(failure[2]))
                            print(f"{keep(folder, failure)}: {said(failure[2])}", file=sys.stderr, flush=True)
                tried[name] += BATCH
            if time.monotonic() >= end:
                break
    print("tried " + ", ".join(f"{number:,} {name}" for name, number in tried.items()))
    print(f"{len(found)} kinds of failures" + (f", kept in {folder}" if found else ""))
    return len(found)


def main() -> int:
    """Read the options, and fuzz."""
    parser = argparse.ArgumentParser(description="Damage files and command lines, and keep what fails.")
    parser.add_argument("--seconds", type=float, default=600, help="when no further round begins (600)")
    parser.add_argument("--keep", type=Path, default=Path("outputs/fuzz"), help="folder for failures (outputs/fuzz)")
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400 * 10**6, help="first seed (of the day)")
    arguments = parser.parse_args()
    warnings.simplefilter("error", RuntimeWarning)
    return 1 if fuzz(arguments.seconds, arguments.keep, arguments.seed) else 0


if __name__ == "__main__":
    sys.exit(main())

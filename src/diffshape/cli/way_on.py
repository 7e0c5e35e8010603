"""Advice on how a stopped run goes on, by what its folder holds: after Ctrl-C, SIGTERM, a kill or a full disk."""

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from diffshape._commands import typed_as
from diffshape.training.run_folder import RunFolder


@contextmanager
def stopped_politely() -> Iterator[None]:
    """While entered, SIGTERM does as Ctrl-C; a process that ignores it goes on ignoring it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def told_way_on(folder: Path, verb: str) -> Iterator[None]:
    """Print to stderr what to type next if something stops the run in ``folder``; ``verb`` is that of the run."""
    try:
        yield
    except (KeyboardInterrupt, OSError, MemoryError):
        print(way_on(folder, verb), file=sys.stderr)
        raise


def way_on(folder: Path, verb: str) -> str:
    """The sentence on what is saved in the folder of a run, and on what to type to go on."""
    resume = typed_as(verb, "--resume", folder)
    run = RunFolder(folder)
    if run.holds_weights:
        return f"what was learnt is saved; finish its outputs with: {resume}"
    if run.is_begun:
        return f"go on with: {resume}"
    return f"nothing is saved yet; type the same again, with --out {shlex.quote(str(folder))}"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

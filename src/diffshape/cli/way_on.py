"""How a run that was stopped goes on, by what its folder holds: after Ctrl-C, SIGTERM, a kill or a full disk."""

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from diffshape._config import read_json
from diffshape._files import is_leftover
from diffshape.cli.errors import typed_as

WEIGHTS = ("field.safetensors", "network.safetensors", "model/model.safetensors")
"""What a run has of when it has learnt all it will: a fit, a landmark network, a DeepSDF."""
_BEFORE = {".lock", "inputs.json", "frame.json", "environment.json", "target.safetensors"}
"""What a run writes before its config.yaml says that it is begun."""


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
    """What stops the run in ``folder`` inside also tells on stderr what to type next; ``verb`` is that of the run."""
    try:
        yield
    except (KeyboardInterrupt, OSError, MemoryError):
        print(way_on(folder, verb), file=sys.stderr)
        raise


def way_on(folder: Path, verb: str) -> str:
    """What is saved in the folder of a run, and what to type to go on."""
    resume = typed_as(verb, "--resume", folder)
    if holds_weights(folder):
        return f"what was learnt is saved; finish its outputs with: {resume}"
    if (folder / "config.yaml").is_file():
        return f"go on with: {resume}"
    return f"nothing is saved yet; type the same again, with --out {shlex.quote(str(folder))}"


def holds_weights(folder: Path) -> bool:
    """Whether a run has its final weights."""
    return any((folder / weights).is_file() for weights in WEIGHTS)


def is_complete(folder: Path) -> bool:
    """Whether a run has its final weights and, written after all else, its metrics."""
    try:
        return holds_weights(folder) and not read_json(folder / "metrics.json").get("interrupted", False)
    except (OSError, ValueError):
        return False


def is_unbegun(folder: Path) -> bool:
    """Whether a folder holds nothing but what a run leaves that is stopped before it is begun."""
    return all(path.name in _BEFORE or is_leftover(path) for path in folder.iterdir())


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt

"""Where a command writes, and where it finds a run."""

import time
from itertools import count
from pathlib import Path

from diffshape.cli.errors import UsageError


def fresh_folder(out: Path | None, parent: Path, *, verb: str = "fit") -> Path:
    """``out`` if it is new or empty, else a folder in ``parent`` named after the time; it is not made yet.

    ``verb`` is what would go on with an interrupted run.

    Raises:
        UsageError: ``out`` is a file, or holds something.
    """
    if out is None:
        name = time.strftime("%Y-%m-%d_%H%M%S")
        names = (f"{name}-{number}" if number else name for number in count())
        return next(parent / name for name in names if not (parent / name).exists())
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder that is new or empty")
    if (out / "config.yaml").is_file():
        if any((out / weights).is_file() for weights in ("field.safetensors", "network.safetensors")):
            raise UsageError(f"--out {out} already holds a finished run; choose another folder")
        raise UsageError(f"--out {out} holds an interrupted run; go on with it: diffshape {verb} --resume {out}")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"--out {out} is not empty; choose a folder that is new or empty")
    return out


def run_path(run: Path) -> Path:
    """The folder of a run that was typed, or of a file in it.

    Raises:
        UsageError: There is no fit.
    """
    folder = run.parent if run.is_file() else run
    if not folder.exists():
        raise UsageError(f"{run}: there is no such folder; a run is the folder that diffshape fit printed")
    if not (folder / "config.yaml").is_file():
        raise UsageError(f"{run} is not the folder of a fit: it has no config.yaml")
    return folder

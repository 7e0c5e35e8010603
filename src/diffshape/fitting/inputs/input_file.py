"""Checks of the path of an input before it is opened."""

import errno
import os
from pathlib import Path

from diffshape._commands import typed_as
from diffshape.training.run_folder import RunFolder


def input_file(path: Path) -> Path:
    """The path, if it is that of a file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The path is that of a folder.
    """
    run = RunFolder(path)
    if run.kind and not run.verb:
        raise ValueError(f"{path} is the folder of a saved model, not a file")
    if run.is_begun:
        way_on = typed_as(run.verb or "fit", "--resume", path)
        raise ValueError(f"{path} is the folder of a run, not a file; go on with it: {way_on}")
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        raise ValueError(f"{path} is a folder; give a file" + (f", such as {files[0]}" if files else ""))
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return path

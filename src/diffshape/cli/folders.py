"""Folders and files that a command writes to, and runs that it reads."""

import errno
import os
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from diffshape._commands import typed_as
from diffshape._files import read_json
from diffshape.cli.errors import UsageError
from diffshape.fitting.settings import FitSettings
from diffshape.training.run_folder import RunFolder
from diffshape.training.run_settings import RunSettings


def fresh_folder(out: Path | None, parent: Path) -> Path:
    """``out`` if it is new or empty, else a folder in ``parent`` named after the time; it is not made yet.

    A folder in which a run was stopped before it was begun counts as empty.

    Raises:
        UsageError: ``out`` is a file, or holds something.
    """
    if out is None:
        name = time.strftime("%Y-%m-%d_%H%M%S")
        names = (f"{name}-{number}" if number else name for number in count())
        return next(parent / name for name in names if not (parent / name).exists())
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder that is new or empty")
    require_writable(out)
    run = RunFolder(out)
    if run.is_complete:
        raise UsageError(f"--out {out} already holds a finished run; choose another folder")
    if run.verb:
        raise UsageError(f"--out {out} holds an interrupted run; go on with it: {typed_as(run.verb, '--resume', out)}")
    if out.is_dir() and not run.is_unbegun:
        raise UsageError(f"--out {out} is not empty; choose a folder that is new or empty")
    return out


def require_writable(path: Path) -> None:
    """Refuse a file or folder that cannot be made, before the work of which it is to hold the result.

    Raises:
        UsageError: What is to hold it is a file.
        PermissionError: Nothing may be written there.
    """
    there = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    holder = there if there.is_dir() else there.parent
    if there != path and not there.is_dir():
        raise UsageError(f"--out {path}: {there} is a file, not a folder")
    if not os.access(holder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "nothing may be written there", str(holder))


def output_file(out: Path, suffixes: Sequence[str]) -> Path:
    """A file that a verb is to write; one that is there is replaced.

    Raises:
        UsageError: It is a folder, in a file, or of a kind that the verb does not write.
        PermissionError: Nothing may be written there.
    """
    if out.is_dir():
        raise UsageError(f"--out {out} is a folder; give the name of a file")
    if out.suffix.lower() not in suffixes:
        raise UsageError(f"--out {out}: unknown kind of file; it can be {', '.join(suffixes)}")
    require_writable(out)
    return out


def input_folder(path: Path, what: str) -> Path:
    """A folder of ``what`` that a verb is to read.

    Raises:
        UsageError: There is none.
    """
    if path.is_file():
        raise UsageError(f"{path} is a file; give a folder of {what}")
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such folder of {what}")
    return path


def begun_folder(run: Path, kind: type[RunSettings]) -> Path:
    """The folder of a run that was typed, or of a file in it.

    Raises:
        UsageError: There is no such folder, or no run was begun in it.
    """
    folder = run.parent if run.is_file() else run
    if not folder.is_dir():
        raise UsageError(f"{run}: there is no such folder; a run is the folder that diffshape {kind.VERB} printed")
    if not RunFolder(folder).is_begun:
        unbegun = unbegun_sentence(folder, kind.VERB)
        raise UsageError(unbegun or f"{run} is not the folder of a {kind.TITLE}: it has no config.yaml")
    return folder


def run_path(run: Path) -> Path:
    """The folder of a fit that was typed, or of a file in it.

    Raises:
        UsageError: There is no fit; for a training, the error says how it is used.
    """
    folder = begun_folder(run, FitSettings)
    verb = RunFolder(folder).verb
    if verb not in (None, FitSettings.VERB):
        raise UsageError(
            f"{run} is the folder of diffshape {verb}, not of a fit; name one of its shapes by --shape, or "
            f"use it by diffshape sample, interpolate and complete, or diffshape.models.load({str(folder)!r})"
        )
    return folder


def model_path(run: Path) -> Path:
    """The folder of a training or of a saved model that was typed, or of a file in it.

    Raises:
        UsageError: There is no such folder.
    """
    folder = run.parent if run.is_file() else run
    if not folder.is_dir():
        raise UsageError(f"{run}: there is no such folder; a run is the folder that diffshape train printed")
    return folder


def unbegun_sentence(folder: Path, verb: str) -> str | None:
    """The sentence on a run that was stopped before it was begun, with what to type; None if the folder holds something
    else, or nothing."""
    if not any(folder.iterdir()) or not RunFolder(folder).is_unbegun:
        return None
    return f"the run in {folder} was stopped before anything was saved; {begin_again(folder, verb)}"


def begin_again(folder: Path, verb: str) -> str:
    """The sentence on how to begin a run in a folder again."""
    try:
        points = [read_json(folder / "inputs.json")["points"]]
    except (OSError, ValueError, KeyError):
        points = []
    return f"begin it again, with the options it had: {typed_as(verb, *points, '--out', folder)}"

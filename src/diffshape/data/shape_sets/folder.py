"""Files among which shapes are looked for: those of a folder, of a list of its folders, or one file."""

import os
from pathlib import Path
from typing import NamedTuple

from diffshape.data.arrays import ReadError
from diffshape.data.formats.text.encoding import open_text

LIST_SUFFIX = ".lst"
"""Suffix of a list of folders beside it, such as ``train.lst``."""


class Source(NamedTuple):
    """Files, and what the names of shapes are relative to."""

    base: Path
    """The folder; of one file, that file."""
    paths: list[Path]
    """Files in order of their names."""


def files_of(given: Path) -> Source:
    """All files in a folder and the folders in it; in those that a list names; or one file.

    Hidden files and folders, whose names begin with a dot, are passed over.

    Raises:
        FileNotFoundError: There is no such file or folder.
        ReadError: A list names nothing, or folders that are not there.
    """
    if given.is_dir():
        return Source(given, _walk(given))
    if not given.exists():
        raise FileNotFoundError(2, "no such file or folder", str(given))
    if given.suffix.lower() != LIST_SUFFIX:
        return Source(given, [given])
    with open_text(given) as file:
        names = [line.strip() for line in file if line.strip()]
    missing = [name for name in names if not (given.parent / name).is_dir()]
    if missing or not names:
        raise ReadError(f"{given}: must name folders beside it; not there are {', '.join(missing) or 'any'}")
    return Source(given.parent, [path for name in dict.fromkeys(names) for path in _walk(given.parent / name)])


def _walk(folder: Path) -> list[Path]:
    paths = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    return paths

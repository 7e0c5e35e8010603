"""Sets of shapes kept on disk as they were read, each under a name made from the files and arguments it came from."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from diffshape._notices import tell
from diffshape._tensor_files import read_tensors, write_tensors
from diffshape.data.shape_sets.folder import Source
from diffshape.data.shape_sets.shape_set import ShapeSet

_VERSION = 1
"""Version of what is read from files; a set that was kept under another is not used."""


def cache_path(folder: Path, source: Source, arguments: Mapping[str, Any]) -> Path:
    """File that keeps what is read from these files with these arguments.

    Sizes and times of files are part of its name, so that a set is read anew when one of them has changed.
    """
    listed = [
        (str(path.relative_to(source.base)), path.stat().st_size, path.stat().st_mtime_ns) for path in source.paths
    ]
    made_from = json.dumps([_VERSION, str(source.base.resolve()), dict(arguments), listed])
    return folder / f"shapes-{sha256(made_from.encode()).hexdigest()[:24]}.safetensors"


def read_cached(path: Path) -> ShapeSet | None:
    """The set that a file keeps; None if there is none, or a damaged one, which is told."""
    if not path.is_file():
        return None
    try:
        header, tensors = read_tensors(path, checked=True)
        names, notes = (tuple(json.loads(header[key])) for key in ("names", "notes"))
        return ShapeSet(names=names, notes=notes, **tensors)
    except (ValueError, KeyError, TypeError) as error:
        tell(f"{path} is of no use, and the shapes are read again: {error}")
        return None


def write_cached(path: Path, shapes: ShapeSet) -> None:
    """Keep a set, whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    header = {"names": json.dumps(shapes.names), "notes": json.dumps(shapes.notes)}
    write_tensors(path, shapes.parts(), header)

"""The axis that points up in a file, which few formats say and only pictures need. Needs no torch."""

from os import PathLike
from pathlib import Path
from typing import Literal

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
"""Name of an axis, or of its opposite direction."""
UP: Up = "z"
"""Axis that points up unless a file or the user says otherwise, as in surveys, CAD, robotics and shapes drawn here."""
_OF_FORMATS: dict[str, Up] = {".glb": "y", ".gltf": "y"}


def up_of(path: str | PathLike[str]) -> Up:
    """The axis that points up in a file: y in glTF, by its specification (version 2.0, section 3.4), z in all others.

    >>> up_of("part.glb"), up_of("scan.ply")
    ('y', 'z')
    """
    return _OF_FORMATS.get(Path(path).suffix.lower(), UP)

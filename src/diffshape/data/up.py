"""Which axis of a shape's coordinates points up: what files rarely say, and only pictures need. Needs no torch."""

from os import PathLike
from pathlib import Path
from typing import Literal

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
"""An axis, or its opposite direction."""
UP: Up = "z"
"""What is up unless a file or the user says otherwise: as in surveys, CAD, robotics, and the shapes of this library."""
_OF_FORMATS: dict[str, Up] = {".glb": "y", ".gltf": "y"}


def up_of(path: str | PathLike[str]) -> Up:
    """What is up in a file: y in glTF, whose specification says so (version 2.0, section 3.4), z in all others.

    >>> up_of("part.glb"), up_of("scan.ply")
    ('y', 'z')
    """
    return _OF_FORMATS.get(Path(path).suffix.lower(), UP)

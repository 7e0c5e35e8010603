"""Mesh files as vertices and polygons: the table of formats, and what is checked before any of them is opened.

Only geometry and what vertices have are read. Textures, materials and other files are never opened; a note says so
where a file has them. Each reader raises :class:`ReadError` for what it cannot read whole, and makes room for nothing
that the file only promises.
"""

from collections.abc import Callable
from pathlib import Path

from diffshape.data.arrays import ReadError
from diffshape.data.formats.glb import read_glb
from diffshape.data.formats.obj import read_obj
from diffshape.data.formats.off import read_off
from diffshape.data.formats.ply_mesh import read_ply_mesh
from diffshape.data.formats.polygons import Polygons
from diffshape.data.formats.stl import read_stl

_READERS: dict[str, Callable[[Path], Polygons]] = {
    ".ply": read_ply_mesh,
    ".obj": read_obj,
    ".off": read_off,
    ".stl": read_stl,
    ".glb": read_glb,
}
MESH_SUFFIXES = tuple(_READERS)
_APPLE_DOUBLE = b"\x00\x05\x16\x07"


def read_polygons(path: Path) -> Polygons:
    """The vertices and polygons of a mesh file, as they stand there; it may have no polygons.

    Raises:
        FileNotFoundError: There is no such file.
        ReadError: It is a folder, empty, of another format, or damaged.
    """
    if path.is_dir():
        raise ReadError(f"{path}: is a folder; give one of its files, or read_mesh_folder for all of them")
    if not path.exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if path.suffix.lower() not in _READERS:
        raise ReadError(f"{path}: unknown mesh format; diffshape reads {', '.join(MESH_SUFFIXES)}")
    if path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty")
    if is_apple_double(path):
        raise ReadError(f"{path}: a hidden file that a Mac keeps beside {path.name.removeprefix('._')}; give that one")
    return _READERS[path.suffix.lower()](path)


def is_apple_double(path: Path) -> bool:
    """Whether a file is what macOS writes beside others on foreign disks, ``._NAME``: settings, no content."""
    with path.open("rb") as file:
        return file.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE

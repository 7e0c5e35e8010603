"""Files of points or meshes: the reader of each suffix, and one function that reads any of them once."""

from collections.abc import Callable
from pathlib import Path

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import read_npy, read_npz
from diffshape.data.formats.columns import Table
from diffshape.data.formats.mesh_formats import MESH_READERS, MESH_SUFFIXES
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.paths import known_suffix
from diffshape.data.formats.scanners.e57 import read_e57
from diffshape.data.formats.scanners.las import read_las
from diffshape.data.formats.scanners.pcd import read_pcd
from diffshape.data.formats.scanners.ptx import read_ptx
from diffshape.data.formats.text.points import read_colors_text, read_normals_text, read_text

TABLES: dict[str, Callable[[Path], Table]] = {
    **dict.fromkeys((".xyz", ".txt", ".csv", ".pts", ".asc"), read_text),
    ".xyzn": read_normals_text,
    ".xyzrgb": read_colors_text,
    ".npy": read_npy,
    ".npz": read_npz,
    ".pcd": read_pcd,
    ".ptx": read_ptx,
    **dict.fromkeys((".las", ".laz"), read_las),
    ".e57": read_e57,
}
"""Reader of each suffix of a table of points."""
POINT_SUFFIXES = (*MESH_SUFFIXES, *TABLES)
"""Suffixes of all files that hold points, of which those of meshes may have faces too."""


def read_content(path: Path) -> Table | Polygons:
    """Content of a file as written there: the rows of a table of points, or the vertices and polygons of a mesh.

    Raises:
        FileNotFoundError: There is no such file.
        ReadError: It is a folder, empty, of an unknown format, or damaged.
    """
    suffix = known_suffix(path, POINT_SUFFIXES, what="point", of_folder="one file of points in it")
    try:
        return MESH_READERS[suffix](path) if suffix in MESH_READERS else TABLES[suffix](path)
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error


def read_table(path: Path) -> Table:
    """The rows of a point file as written there, none dropped and none drawn; of a mesh, the vertices.

    Raises:
        FileNotFoundError, ReadError: As :func:`read_content`.
    """
    return as_table(read_content(path))


def as_table(content: Table | Polygons) -> Table:
    """The rows of a table of points; of a mesh, the vertices."""
    if isinstance(content, Table):
        return content
    return Table(content.vertices, content.normals, content.attributes, content.notes)

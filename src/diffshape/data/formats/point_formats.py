"""The formats of point files: which reader belongs to which suffix."""

from collections.abc import Callable
from pathlib import Path

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import read_npy, read_npz
from diffshape.data.formats.columns import Table
from diffshape.data.formats.mesh_formats import MESH_SUFFIXES, read_polygons
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
"""The reader of each suffix that is a table of points."""
POINT_SUFFIXES = (*MESH_SUFFIXES, *TABLES)


def point_suffix(path: Path) -> str:
    """The suffix of a file that may be read as points, in small letters.

    Raises:
        FileNotFoundError: There is no such file.
        ReadError: It is a folder, empty, or of an unknown format.
    """
    return known_suffix(path, POINT_SUFFIXES, what="point", of_folder="one file of points in it")


def read_table(path: Path) -> Table:
    """The rows of a point file as they stand there: none dropped, none drawn; of a mesh, its vertices.

    Raises:
        FileNotFoundError, ReadError: As :func:`point_suffix`, or the file is damaged.
    """
    suffix = point_suffix(path)
    if suffix in MESH_SUFFIXES:
        return vertex_table(read_polygons(path))
    try:
        return TABLES[suffix](path)
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error


def vertex_table(polygons: Polygons) -> Table:
    """The vertices of a mesh file as a table of points."""
    return Table(polygons.vertices, polygons.normals, polygons.attributes, polygons.notes)

"""Mesh files as vertices and polygons: the table of formats.

Only geometry and the attributes of vertices are read. Textures, materials and other files are never opened; a note
says so where a file has them. Each reader raises a ReadError for what it cannot read whole, and allocates nothing that
the file only promises.
"""

from collections.abc import Callable
from pathlib import Path

from diffshape.data.formats.glb.reader import read_glb
from diffshape.data.formats.meshes.obj import read_obj
from diffshape.data.formats.meshes.off import read_off
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.meshes.stl import read_stl
from diffshape.data.formats.paths import known_suffix
from diffshape.data.formats.ply.mesh import read_ply_mesh

MESH_READERS: dict[str, Callable[[Path], Polygons]] = {
    ".ply": read_ply_mesh,
    ".obj": read_obj,
    ".off": read_off,
    ".stl": read_stl,
    ".glb": read_glb,
}
"""Reader of each suffix of a mesh file."""
MESH_SUFFIXES = tuple(MESH_READERS)
"""Suffixes of mesh files."""


def read_polygons(path: Path) -> Polygons:
    """The vertices and polygons of a mesh file, as written there; there may be no polygons.

    Raises:
        FileNotFoundError: There is no such file.
        ReadError: It is a folder, empty, of another format, or damaged.
    """
    suffix = known_suffix(
        path, MESH_SUFFIXES, what="mesh", of_folder="one of its files, or read_mesh_folder for all of them"
    )
    return MESH_READERS[suffix](path)

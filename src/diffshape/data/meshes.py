"""Triangle meshes: what one is here, how it is read, and what else is accepted in its place."""

from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError, host_array, real_rows, usable_rows
from diffshape.data.mesh_formats import Polygons, read_glb, read_obj, read_off, read_ply_mesh, read_stl

_READERS = {".ply": read_ply_mesh, ".obj": read_obj, ".off": read_off, ".stl": read_stl, ".glb": read_glb}
MESH_SUFFIXES = tuple(_READERS)


class Mesh(NamedTuple):
    """A triangle mesh: ``vertices`` (V, 3) float64 and ``faces`` (F, 3) int64, counter-clockwise seen from outside."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]


def read_mesh(path: str | PathLike[str]) -> Mesh:
    """Read a PLY, OBJ, OFF, STL or GLB file as triangles, in file coordinates.

    Polygons become fans of triangles. Vertices keep their order and number in PLY, OBJ and OFF; the coincident ones
    with which STL and GLB repeat every corner are merged.

    Raises:
        FileNotFoundError: there is no such file.
        ReadError: it is no such mesh: empty, cut short, without faces, with vertices that are not finite, or with
            faces that name vertices it does not have. Also a suffix that is not one of the five.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "square.obj")
    ...     _ = path.write_text("v 0 0 0\\nv 1 0 0\\nv 1 1 0\\nv 0 1 0\\nf 1 2 3 4\\n")
    ...     read_mesh(path).faces.tolist()
    [[0, 1, 2], [0, 2, 3]]
    """
    path = Path(path)
    polygons = read_polygons(path)
    if len(polygons.counts) == 0:
        raise ReadError(
            f"{path}: holds {len(polygons.vertices)} points and no faces; give a mesh, or fit these points first"
        )
    try:
        return as_mesh((polygons.vertices, polygons.triangles()))
    except ValueError as error:
        raise ReadError(f"{path}: not a usable mesh ({error})") from error


def holds_faces(path: str | PathLike[str]) -> bool:
    """Whether a file is a mesh, rather than a table of points or a PLY without faces.

    Raises:
        FileNotFoundError, ReadError: as :func:`read_mesh`, for a suffix of meshes.
    """
    path = Path(path)
    return path.suffix.lower() in _READERS and len(read_polygons(path).counts) > 0


def read_polygons(path: Path) -> Polygons:
    """The vertices and polygons of a mesh file, with none of the checks of :func:`read_mesh`; it may have no faces."""
    if path.suffix.lower() not in _READERS:
        raise ReadError(f"{path}: unknown mesh format; diffshape reads {', '.join(MESH_SUFFIXES)}")
    if path.stat().st_size == 0:
        raise ReadError(f"{path}: the file is empty")
    return _READERS[path.suffix.lower()](path)


def as_mesh(thing: Any) -> Mesh:
    """A :class:`Mesh` from a path, a (vertices, faces) pair, or an object that has both, like trimesh.Trimesh.

    Args:
        thing: Path of a mesh file; or (V, 3) numbers and (F, 3) integers as NumPy arrays, torch tensors or lists.

    Raises:
        ValueError: wrong shapes or types, no faces, vertices that are not finite, faces that name missing vertices.

    >>> as_mesh(([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])).vertices.shape
    (3, 3)
    """
    if isinstance(thing, (str, PathLike)):
        return read_mesh(thing)
    pair = (thing.vertices, thing.faces) if hasattr(thing, "vertices") and hasattr(thing, "faces") else thing
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(f"a mesh must be a path, a trimesh.Trimesh or (vertices, faces), got {type(thing).__name__}")
    vertices, faces = real_rows(pair[0], name="vertices"), host_array(pair[1], name="faces")
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise ValueError(f"faces must have shape (F, 3) and integers, got {faces.shape} of {faces.dtype}")
    if len(faces) == 0:
        raise ValueError("faces is empty; a mesh needs at least one triangle")
    if faces.min() < 0 or faces.max() >= len(vertices):
        wrong = int(faces.min() if faces.min() < 0 else faces.max())
        raise ValueError(f"faces name vertex {wrong} of {len(vertices)} (counted from 0); the file or array is damaged")
    unusable = int((~usable_rows(vertices)).sum())
    if unusable:
        raise ValueError(f"{unusable} of {len(vertices)} vertices are NaN, infinite or beyond 1e30; repair the mesh")
    return Mesh(vertices, faces.astype(np.int64))

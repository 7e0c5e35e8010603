"""Meshes and points as files, each written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._files import atomic_path
from diffshape.data.arrays import host_array, real_array
from diffshape.data.attributes import checked_attributes
from diffshape.data.formats.content import Content, Holds, held
from diffshape.data.formats.glb.writer import write_glb
from diffshape.data.formats.meshes.obj import write_obj
from diffshape.data.formats.meshes.off import write_off
from diffshape.data.formats.meshes.stl import write_stl
from diffshape.data.formats.writers import ALL, HOLDS, WRITERS, write_ply_content
from diffshape.data.meshes import as_mesh
from diffshape.data.points import as_points
from diffshape.data.single_precision import warn_of_lost_digits

_Array = NDArray[Any]
_MESH_HOLDS = {
    ".ply": ALL,
    ".obj": Holds(True, ("colors",)),
    ".off": Holds(False, ("colors",)),
    ".stl": Holds(False, ()),
    ".glb": Holds(True, ("colors", "confidence")),
}
"""Normals and attributes that each mesh format holds, by suffix."""


@checked
def write_mesh(
    path: str | os.PathLike[str],
    vertices: Any,
    faces: Any = None,
    *,
    normals: Any = None,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write a triangle mesh as PLY (binary), OBJ, STL (binary), OFF or GLB, by suffix.

    PLY keeps the float type of the vertices; OBJ and OFF are written to that many digits. STL and GLB hold float32:
    far from the origin, a GLB keeps the digits in the translation of its node; for STL a warning says what is lost.

    Args:
        path: File to write; an old one is replaced in one step.
        vertices: (V, 3) numbers, NumPy or torch; or, without ``faces``, whatever :func:`as_mesh` takes: a
            :class:`Mesh` is written with its attributes.
        faces: (F, 3) integers.
        normals: (V, 3) vertex normals, for PLY, OBJ and GLB only; if not given, the attribute "normals".
        attributes: Other numbers of the vertices, name -> (V,) or (V, k), such as ``read_mesh(...).attributes``.
            PLY holds all of them; OBJ, OFF and GLB hold ``"colors"``, (V, 3) or (V, 4), uint8 or floats 0 to 1; GLB
            also holds ``"confidence"``, (V,), as float32; STL holds none.

    What a :class:`Mesh` carries and the format does not hold is left out, and a warning names it.

    Raises:
        ValueError: an unknown suffix, normals or attributes given here for a format without them, or what
            :func:`as_mesh` refuses (an empty mesh too).

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.data import icosphere, read_mesh
    >>> mesh = icosphere(1)
    >>> with TemporaryDirectory() as folder:
    ...     write_mesh(Path(folder, "a.ply"), *mesh, attributes={"heat": mesh.vertices[:, 2]})
    ...     write_mesh(Path(folder, "b.ply"), read_mesh(Path(folder, "a.ply")))
    ...     read_mesh(Path(folder, "b.ply")).attributes["heat"].shape
    (42,)
    """
    path = Path(path)
    suffix = _known_suffix(path, "write_mesh", _MESH_HOLDS)
    clean = as_mesh(vertices if faces is None else (vertices, faces))
    original = getattr(vertices, "vertices", clean.vertices) if faces is None else vertices
    if len(clean.vertices) != len(original):
        raise ValueError("write_mesh: vertices that no face uses are NaN, infinite or beyond 1e30; leave them out")
    points = _kept_type(clean.vertices, original)
    beside = checked_attributes(
        clean.attributes if attributes is None else attributes, len(points), function="write_mesh"
    )
    given = {"normals"} if normals is not None else set()
    if not given and beside.get("normals", points[:0]).shape == points.shape:
        normals = beside.pop("normals")
    everything = Content(points, _matching_normals(normals, points), beside, clean.faces)
    given |= {*(attributes or ())}
    content = held(everything, _MESH_HOLDS[suffix], path, function="write_mesh", given=given)
    if suffix == ".stl":
        warn_of_lost_digits(path, points)
    with atomic_path(path) as temporary:
        match suffix:
            case ".ply":
                write_ply_content(temporary, content)
            case ".obj":
                write_obj(temporary, points, clean.faces, content.normals, dict(content.attributes))
            case ".off":
                write_off(temporary, points, clean.faces, dict(content.attributes))
            case ".glb":
                write_glb(temporary, points, clean.faces, content.normals, dict(content.attributes))
            case _:
                write_stl(temporary, points, clean.faces)


@checked
def write_points(
    path: str | os.PathLike[str], points: Any, *, normals: Any = None, attributes: Mapping[str, Any] | None = None
) -> None:
    """Write a cloud as PLY or PCD (binary), CSV (with a header), XYZ or TXT (spaces), XYZN, XYZRGB, NPY or NPZ.

    Args:
        path: File to write, in the format of its suffix; an old one is replaced in one step.
        points: (N, 3) numbers, NumPy or torch, whose float type is kept (N = 0 is fine); or what else
            :func:`as_points` takes: a :class:`PointCloud` is written with its normals and attributes.
        normals: (N, 3) normals, or None. As text and NPY they are columns 4 to 6.
        attributes: Arrays of N rows by name, (N,) or (N, k); ``colors`` are (N, 3) or (N, 4), uint8 or floats 0 to 1.
            PLY, PCD, CSV, XYZ, TXT and NPZ hold them all, XYZRGB only colours and no normals, XYZN and NPY none.

    What a :class:`PointCloud` carries and the format does not hold is left out, and a warning names it.

    Raises:
        ValueError: an unknown suffix, wrong shapes, or normals or attributes given here for a format without them.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_points(Path(folder, "a.csv"), [[0.1, 2, 3]], attributes={"intensity": [7]})
    ...     Path(folder, "a.csv").read_text()
    'x,y,z,intensity\\n0.1,2,3,7\\n'
    """
    path = Path(path)
    suffix = _known_suffix(path, "write_points", WRITERS)
    cloud = as_points(points, name="write_points: points")
    single = str(getattr(points, "dtype", "")).endswith("float32")
    array = cloud.points.astype(np.float32 if single else np.float64, copy=False)
    beside = cloud.attributes if attributes is None else attributes
    everything = Content(
        array,
        _matching_normals(cloud.normals if normals is None else normals, array),
        checked_attributes(beside, len(array), function="write_points"),
    )
    given = {*([] if normals is None else ["normals"]), *(attributes or ())}
    content = held(everything, HOLDS[suffix], path, function="write_points", given=given)
    with atomic_path(path) as temporary:
        WRITERS[suffix](temporary, content)


def _known_suffix(path: Path, function: str, writers: dict[str, Any]) -> str:
    suffix = path.suffix.lower()
    if suffix not in writers:
        raise ValueError(f"{function}: unknown suffix of {path.name!r}; it writes {', '.join(writers)}")
    return suffix


def _kept_type(array: _Array, original: Any) -> _Array:
    """float32 stays float32; all else is written as float64."""
    single = host_array(original, name="points").dtype == np.float32
    return np.asarray(array, np.float32 if single else np.float64)


def _matching_normals(normals: Any, points: _Array) -> _Array | None:
    if normals is None:
        return None
    array = real_array(normals, name="normals").astype(points.dtype, copy=False)
    if array.shape != points.shape:
        raise ValueError(f"normals must have shape {points.shape} like the points, got {array.shape}")
    return array

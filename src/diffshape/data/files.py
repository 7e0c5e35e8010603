"""Meshes and points as files, each written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape._whole_files import atomic_path
from diffshape.data.arrays import host_array
from diffshape.data.attributes import Attributes, checked_attributes
from diffshape.data.formats.columns import color_bytes
from diffshape.data.formats.glb_writer import write_glb
from diffshape.data.formats.obj import write_obj
from diffshape.data.formats.off import write_off
from diffshape.data.formats.stl import write_stl
from diffshape.data.formats.writers import WRITERS, Content
from diffshape.data.meshes import as_mesh
from diffshape.data.ply import attribute_columns, write_ply
from diffshape.data.points import as_points
from diffshape.data.single_precision import warn_of_lost_digits

_Array = NDArray[Any]
_HELD = {".ply": None, ".obj": {"colors"}, ".off": {"colors"}, ".stl": set(), ".glb": {"colors"}}
"""The formats of meshes and which attributes of vertices they hold; None is all."""


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
    of a mesh far from the origin a GLB keeps the digits in the place of its node; for STL a warning says what is lost.

    Args:
        path: Where; an old file is replaced in one step.
        vertices: (V, 3) numbers, NumPy or torch; or, without ``faces``, whatever :func:`as_mesh` takes: a
            :class:`Mesh` is written with its attributes.
        faces: (F, 3) integers.
        normals: (V, 3) vertex normals, for PLY, OBJ and GLB only.
        attributes: What else the vertices have, name -> (V,) or (V, k) numbers, such as ``read_mesh(...).attributes``.
            PLY holds all of them; OBJ, OFF and GLB hold ``"colors"``, uint8 (V, 3) or (V, 4); STL holds none.

    Raises:
        ValueError: an unknown suffix, normals or attributes for a format without them, or what :func:`as_mesh` refuses
            (an empty mesh too).

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
    suffix = _known_suffix(path, "write_mesh", _HELD)
    if normals is not None and suffix not in (".ply", ".obj", ".glb"):
        raise ValueError(f"write_mesh: {suffix} files have no vertex normals; leave normals out or write .ply")
    clean = as_mesh(vertices if faces is None else (vertices, faces))
    given = getattr(vertices, "vertices", clean.vertices) if faces is None else vertices
    if len(clean.vertices) != len(given):
        raise ValueError("write_mesh: vertices that no face uses are NaN, infinite or beyond 1e30; leave them out")
    kept = _kept_type(clean.vertices, given)
    directions = _matching_normals(normals, kept)
    beside = clean.attributes if attributes is None else attributes
    beside = checked_attributes(beside, len(kept), function="write_mesh")
    held = _HELD[suffix]
    lost = [name for name in beside if held is not None and name not in held]
    if lost:
        raise ValueError(f"write_mesh: {suffix} files hold no {', '.join(lost)}; leave attributes out or write .ply")
    if suffix == ".stl":
        warn_of_lost_digits(path, kept)
    with atomic_path(path) as temporary:
        match suffix:
            case ".ply":
                _write_ply(temporary, _Content(kept, clean.faces, directions), beside)
            case ".obj":
                write_obj(temporary, kept, clean.faces, directions, beside)
            case ".off":
                write_off(temporary, kept, clean.faces, beside)
            case ".glb":
                write_glb(temporary, kept, clean.faces, directions, beside)
            case _:
                write_stl(temporary, kept, clean.faces)


def write_points(
    path: str | os.PathLike[str], points: Any, *, normals: Any = None, attributes: Mapping[str, Any] | None = None
) -> None:
    """Write a cloud as PLY or PCD (binary), CSV (with a header), XYZ or TXT (spaces), XYZN, XYZRGB, NPY or NPZ.

    Args:
        path: Where, its suffix says which; an old file is replaced in one step.
        points: (N, 3) numbers, NumPy or torch, whose float type is kept (N = 0 is fine); or what else
            :func:`as_points` takes: a :class:`PointCloud` is written with its normals and attributes.
        normals: (N, 3) normals, or None. As text and NPY they are columns 4 to 6.
        attributes: Arrays of N rows by name, (N,) or (N, k); ``colors`` are (N, 3) or (N, 4), uint8 or floats 0 to 1.
            PLY, PCD, CSV, XYZ, TXT and NPZ hold them all, XYZRGB only colours.

    Raises:
        ValueError: an unknown suffix, wrong shapes, or attributes for a format that has none.

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
    array = cloud.points.astype(np.float32 if single else np.float64)
    given = cloud.attributes if attributes is None else attributes
    columns = {name: _attribute(name, column, len(array)) for name, column in given.items()}
    if columns and suffix in (".npy", ".xyzn") and attributes is not None:
        raise ValueError(f"write_points: {suffix} files have no attributes; leave them out or write .npz, .csv or .ply")
    content = Content(array, _matching_normals(cloud.normals if normals is None else normals, array), columns)
    with atomic_path(path) as temporary:
        WRITERS[suffix](temporary, content)


def _attribute(name: str, values: Any, number: int) -> _Array:
    column = host_array(values, name=f"write_points: attribute {name!r}")
    if column.ndim not in (1, 2) or len(column) != number or column.dtype.kind not in "fiub":
        raise ValueError(
            f"write_points: attribute {name!r} must be real numbers of shape ({number},) or ({number}, k), got "
            f"{column.shape} of {column.dtype}"
        )
    if name == "colors":
        if column.ndim != 2 or column.shape[1] not in (3, 4):
            raise ValueError(f"write_points: colors must have shape ({number}, 3) or ({number}, 4), got {column.shape}")
        return color_bytes(column)
    return column


class _Content(NamedTuple):
    """What is written: points (N, 3), faces (F, 3), none of them for a cloud, normals (N, 3) or None."""

    points: _Array
    faces: _Array
    normals: _Array | None

    def table(self) -> _Array:
        """Points, and normals beside them."""
        return self.points if self.normals is None else np.hstack([self.points, self.normals])


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
    array = host_array(normals, name="normals").astype(points.dtype)
    if array.shape != points.shape:
        raise ValueError(f"normals must have shape {points.shape} like the points, got {array.shape}")
    return array


def _write_ply(path: Path, content: _Content, attributes: Attributes | None = None) -> None:
    names = ("x", "y", "z", "nx", "ny", "nz")
    columns = dict(zip(names, content.table().T)) | attribute_columns(attributes or {})
    elements: dict[str, dict[str, _Array]] = {"vertex": columns}
    if len(content.faces):
        elements["face"] = {"vertex_indices": content.faces.astype(np.int32)}
    write_ply(path, elements)

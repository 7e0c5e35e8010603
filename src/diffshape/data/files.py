"""Meshes and points as files, each written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape._whole_files import atomic_path
from diffshape.data.arrays import host_array
from diffshape.data.formats.columns import color_bytes
from diffshape.data.formats.writers import WRITERS, Content
from diffshape.data.meshes import as_mesh
from diffshape.data.ply import write_ply
from diffshape.data.points import as_points

_Array = NDArray[Any]


def write_mesh(path: str | os.PathLike[str], vertices: Any, faces: Any, *, normals: Any = None) -> None:
    """Write a triangle mesh as PLY (binary), OBJ, STL (binary) or OFF, by suffix.

    PLY keeps the float type of the vertices; OBJ and OFF are written to that many digits; STL is always float32.

    Args:
        path: Where; an old file is replaced in one step.
        vertices: (V, 3) numbers, NumPy or torch.
        faces: (F, 3) integers.
        normals: (V, 3) vertex normals, for PLY and OBJ only.

    Raises:
        ValueError: an unknown suffix, normals for a format without them, or what :func:`as_mesh` refuses (an empty
            mesh too).
    """
    path = Path(path)
    writers = {".ply": _write_ply, ".obj": _write_obj, ".stl": _write_stl, ".off": _write_off}
    suffix = _known_suffix(path, "write_mesh", writers)
    if normals is not None and suffix not in (".ply", ".obj"):
        raise ValueError(f"write_mesh: {suffix} files have no vertex normals; leave normals out or write .ply")
    clean = as_mesh((vertices, faces))
    kept = _kept_type(clean.vertices, vertices)
    with atomic_path(path) as temporary:
        writers[suffix](temporary, _Content(kept, clean.faces, _matching_normals(normals, kept)))


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


def _write_ply(path: Path, content: _Content) -> None:
    names = ("x", "y", "z", "nx", "ny", "nz")
    elements: dict[str, dict[str, _Array]] = {"vertex": dict(zip(names, content.table().T))}
    if len(content.faces):
        elements["face"] = {"vertex_indices": content.faces.astype(np.int32)}
    write_ply(path, elements)


def _write_obj(path: Path, content: _Content) -> None:
    with path.open("w", encoding="ascii") as file:
        np.savetxt(file, content.points, "v " + _row(content.points))
        corner = "%d"
        if content.normals is not None:
            np.savetxt(file, content.normals, "vn " + _row(content.normals))
            corner = "%d//%d"
        corners = content.faces + 1 if content.normals is None else np.repeat(content.faces + 1, 2, axis=1)
        np.savetxt(file, corners, f"f {corner} {corner} {corner}")


def _write_off(path: Path, content: _Content) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(f"OFF\n{len(content.points)} {len(content.faces)} 0\n")
        np.savetxt(file, content.points, _row(content.points))
        np.savetxt(file, content.faces, "3 %d %d %d")


def _write_stl(path: Path, content: _Content) -> None:
    corners = content.points[content.faces].astype(np.float64)  # (F, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    rows = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
    rows["normal"], rows["corners"] = normals / np.where(length > 0, length, 1), corners
    header = b"binary STL".ljust(80) + len(rows).to_bytes(4, "little")
    path.write_bytes(header + rows.tobytes())


def _row(array: _Array, separator: str = " ") -> str:
    """The format of a row that reads back to the same bits."""
    return separator.join([f"%.{9 if array.dtype == np.float32 else 17}g"] * array.shape[1])

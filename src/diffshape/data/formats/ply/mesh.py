"""Meshes and clouds in PLY files: the elements and properties that are vertices, normals, colours and faces."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import with_colors
from diffshape.data.formats.meshes.polygons import Polygons, strip_triangles
from diffshape.data.formats.ply.elements import read_ply
from diffshape.data.formats.ply.rows import Columns, Lists

_AXES, _NORMAL_AXES = ("x", "y", "z"), ("nx", "ny", "nz")
_INDICES = ("vertex_indices", "vertex_index")


def read_ply_mesh(path: Path) -> Polygons:
    """The ``vertex``, ``face`` and ``tristrips`` elements of a PLY file; other properties of a vertex are attributes.

    Names may be in capitals. Lists of vertices, and colours and texture coordinates of faces, are not read; notes say
    so.
    """
    elements = read_ply(path)
    vertex, notes = elements.get("vertex", {}), []
    scalars = {name: column for name, column in vertex.items() if not isinstance(column, Lists)}
    axes, normals = _found(scalars, _AXES), _found(scalars, _NORMAL_AXES)
    if not axes:
        raise ReadError(f"{path}: a PLY file without the numbers x, y and z of vertices holds no points")
    counts, corners = _indices(path, elements, "face")
    strips = strip_triangles(*_indices(path, elements, "tristrips"))
    lists = sorted(vertex.keys() - scalars.keys())
    beside = [name for name in elements.get("face", {}) if name.lower() not in _INDICES]
    if lists:
        notes.append(f"Lists that belong to vertices are not read: {', '.join(lists)}.")
    if beside:
        notes.append(f"What belongs to faces beside their corners is not read: {', '.join(beside)}.")
    return Polygons(
        _stacked(scalars, axes),
        np.concatenate([counts, np.full(len(strips), 3)]),
        np.concatenate([corners, strips.reshape(-1)]),
        _stacked(scalars, normals) if normals else None,
        with_colors(
            {
                name: column.astype(column.dtype.newbyteorder("="))
                for name, column in scalars.items()
                if name not in axes + normals
            }
        ),
        tuple(notes),
    )


def _indices(path: Path, elements: dict[str, Columns], name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The corner counts and corners of faces or strips; none if there is no such element."""
    columns = {key.lower(): column for key, column in elements.get(name, {}).items()}
    lists = next((columns[key] for key in _INDICES if key in columns), None)
    if lists is None and not columns:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    if not isinstance(lists, Lists):
        raise ReadError(f"{path}: its {name} rows have no lists {' or '.join(_INDICES)}; export it again")
    return lists.counts, _whole(path, lists.values)


def _whole(path: Path, values: NDArray[Any]) -> NDArray[np.int64]:
    numbers = values.astype(np.float64)  # integers of PLY have 32 bits at most
    wrong = ~((np.abs(numbers) < 2**53) & (np.rint(numbers) == numbers))
    if wrong.any():
        raise ReadError(f"{path}: a face names vertex {values[wrong][0]:g}, which is no whole number; export it again")
    return values.astype(np.int64)


def _found(columns: dict[str, NDArray[Any]], names: tuple[str, ...]) -> list[str]:
    """The names of three columns, in small or capital letters; none if one is not there."""
    found = [name if name in columns else name.upper() for name in names]
    return found if all(name in columns for name in found) else []


def _stacked(columns: dict[str, NDArray[Any]], names: list[str]) -> NDArray[np.float64]:
    return np.stack([np.asarray(columns[name], np.float64) for name in names], axis=1)

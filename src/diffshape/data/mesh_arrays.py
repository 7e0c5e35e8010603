"""The vertices and faces of whatever is given as a mesh, checked one way for all functions that take one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import host_array, real_rows


def mesh_arrays(thing: Any, *, name: str = "") -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (V, 3) and faces (F, 3) of a pair, or of an object that has both; F may be 0 and vertices may be NaN.

    Args:
        thing: (vertices, faces), as NumPy arrays, torch tensors or lists; or an object with both, like trimesh.Trimesh.
        name: What errors call the mesh, such as "compare_surfaces: pred"; "a mesh" if empty.

    Raises:
        ValueError: It is neither, or an array has another shape or type, or a face names a vertex that is not there.

    >>> mesh_arrays(([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]))[1]
    array([[0, 1, 2]])
    """
    pair = thing
    if not isinstance(thing, (tuple, list)) and hasattr(thing, "vertices"):
        pair = thing.vertices, getattr(thing, "faces", None)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError(
            f"{name or 'a mesh'} must be a path, a trimesh.Trimesh or (vertices, faces), got {type(thing).__name__}"
        )
    prefix = f"{name} " if name else ""
    vertices = real_rows(pair[0], name=f"{prefix}vertices", rows="V")
    return vertices, face_array(pair[1], len(vertices), name=f"{prefix}faces")


def face_array(values: Any, vertices: int, *, name: str) -> NDArray[np.int64]:
    """Faces as an int64 array (F, 3); F is 0 for any array without entries.

    Args:
        values: A NumPy array, torch tensor or nested list of integers.
        vertices: Number of vertices that there are.
        name: What errors call the faces, such as "preview: faces".

    Raises:
        ValueError: They are not integers of shape (F, 3), or name a vertex that is not there.

    >>> face_array([[0, 1, 3]], 3, name="faces")
    Traceback (most recent call last):
    ValueError: faces must index vertices 0 to 2, got 0 to 3
    """
    faces = host_array(values, name=name)
    if faces.size == 0 and faces.ndim:
        return np.empty((0, 3), np.int64)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers of shape (F, 3), got {faces.shape} {faces.dtype}")
    if faces.min() < 0 or faces.max() >= vertices:
        raise ValueError(f"{name} must index vertices 0 to {vertices - 1}, got {faces.min()} to {faces.max()}")
    return faces.astype(np.int64)

"""Whether a mesh bounds a solid, and the volume of that."""

import numpy as np
from numpy.typing import NDArray


def is_watertight(faces: NDArray[np.integer], count: int) -> bool:
    """Whether each edge of faces (F, 3) of ``count`` vertices belongs to two of them.

    >>> tetrahedron = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
    >>> is_watertight(tetrahedron, 4), is_watertight(tetrahedron[1:], 4)
    (True, False)
    """
    if not len(faces):
        return False
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64), axis=1)
    keys = np.sort(edges[:, 0] * count + edges[:, 1])
    return len(keys) % 2 == 0 and bool((keys[::2] == keys[1::2]).all() and (keys[1:-1:2] != keys[2::2]).all())


def enclosed_volume(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> float:
    """Volume inside watertight faces, positive if their normals point outside: sum of a . (b x c) / 6.

    >>> corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    >>> enclosed_volume(corners, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]))
    0.16666666666666666
    """
    center = vertices.mean(axis=0)  # far from 0 the parts of the sum would be large
    a, b, c = (vertices[corner] - center for corner in faces.T)
    return float((a * np.cross(b, c)).sum() / 6)

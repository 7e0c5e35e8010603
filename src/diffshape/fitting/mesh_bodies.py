"""The parts of a mesh that data support.

A field fitted to a scan can enclose small islands or bubbles where there are no data; each part of the mesh is kept
only if enough data points have it nearest.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from diffshape.ops import NeighborIndex


def supported_bodies(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], points: NDArray[np.floating], share: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices (V', 3) and faces (F', 3) of the bodies with enough of ``points`` (N, 3) nearest.

    Enough is one, and ``share`` of what the best supported body has: one is always kept, however many there are.

    >>> triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    >>> two = np.concatenate([triangle, triangle + 5]), np.array([[0, 1, 2], [3, 4, 5]])
    >>> supported_bodies(*two, triangle, 0.005)[1].tolist()
    [[0, 1, 2]]
    """
    if len(faces) == 0:
        return vertices, faces
    body = _bodies(len(vertices), faces)
    used = np.unique(faces)
    nearest = NeighborIndex(torch.from_numpy(vertices[used])).query(torch.from_numpy(points).to(torch.float64)).indices
    support = np.bincount(body[used[nearest.numpy()]], minlength=body.max() + 1)
    kept = (support >= max(1, share * support.max()))[body]
    renumbered = np.cumsum(kept) - 1
    return vertices[kept], renumbered[faces[kept[faces[:, 0]]]]


def _bodies(count: int, faces: NDArray[np.integer]) -> NDArray[np.integer]:
    """The connected component (V,) of every vertex."""
    rows, columns = np.concatenate([faces[:, :2], faces[:, 1:]]).T
    return connected_components(coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count)))[1]

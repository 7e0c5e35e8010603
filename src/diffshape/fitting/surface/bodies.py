"""The parts of a mesh that data support.

A field fitted to a scan can enclose small islands or bubbles where there are no data; each part of the mesh is kept
only if enough data points have it nearest.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from diffshape.ops import NeighborIndex
from diffshape.ops.meshes.connected_parts import vertex_parts


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
    body = vertex_parts(faces, len(vertices))
    used = np.unique(faces)
    nearest = NeighborIndex(torch.from_numpy(vertices[used])).query(torch.from_numpy(points).to(torch.float64)).indices
    support = np.bincount(body[used[nearest.numpy()]], minlength=body.max() + 1)
    kept = (support >= max(1, share * support.max()))[body]
    renumbered = np.cumsum(kept) - 1
    return vertices[kept], renumbered[faces[kept[faces[:, 0]]]]

"""The side of a mesh by counting crossings: a point is inside if a ray from it meets an odd number of triangles.

The mesh is turned so that the ray runs along z; then only triangles over the point's cell of a grid in x and y can meet
it. A peer for the winding number of diffshape, and nothing else.
"""

import numpy as np
from numba import njit
from scipy.spatial.transform import Rotation

CELLS = 256


def ray_parity(points: np.ndarray, triangles: np.ndarray, *, rays: int, seed: int = 0) -> np.ndarray:
    """Whether (N, 3) points are inside (F, 3, 3) triangles by the majority of an odd number of random directions."""
    votes = np.zeros(len(points), np.int64)
    for turn in Rotation.random(rays, random_state=seed).as_matrix():
        turned = triangles @ turn.T
        low, high = turned[..., :2].min(axis=(0, 1)), turned[..., :2].max(axis=(0, 1))
        scale = CELLS / (high - low)
        cells = np.floor((np.stack([turned.min(axis=1), turned.max(axis=1)])[..., :2] - low) * scale)
        starts, members = _fill(np.clip(cells, 0, CELLS - 1).astype(np.int64))
        votes += _count(points @ turn.T, turned, starts, members, low, scale) % 2
    return votes > rays // 2


@njit
def _fill(cells):
    """The triangles over each cell: where those of cell c start, and all one after the other."""
    starts = np.zeros(CELLS * CELLS + 1, np.int64)
    for i in range(cells.shape[1]):
        for x in range(cells[0, i, 0], cells[1, i, 0] + 1):
            for y in range(cells[0, i, 1], cells[1, i, 1] + 1):
                starts[x * CELLS + y + 1] += 1
    starts = np.cumsum(starts)
    members, free = np.empty(starts[-1], np.int64), starts.copy()
    for i in range(cells.shape[1]):
        for x in range(cells[0, i, 0], cells[1, i, 0] + 1):
            for y in range(cells[0, i, 1], cells[1, i, 1] + 1):
                members[free[x * CELLS + y]] = i
                free[x * CELLS + y] += 1
    return starts, members


@njit
def _count(points, triangles, starts, members, low, scale):
    """How many triangles lie above each point."""
    crossings = np.zeros(len(points), np.int64)
    for i in range(len(points)):
        px, py, pz = points[i]
        x, y = int(np.floor((px - low[0]) * scale[0])), int(np.floor((py - low[1]) * scale[1]))
        if x < 0 or y < 0 or x >= CELLS or y >= CELLS:
            continue
        for k in range(starts[x * CELLS + y], starts[x * CELLS + y + 1]):
            a, b, c = triangles[members[k]]
            weight_a = (b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)
            weight_b = (c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)
            weight_c = (a[0] - px) * (b[1] - py) - (a[1] - py) * (b[0] - px)
            if (weight_a > 0) == (weight_b > 0) and (weight_b > 0) == (weight_c > 0):
                height = (weight_a * a[2] + weight_b * b[2] + weight_c * c[2]) / (weight_a + weight_b + weight_c)
                crossings[i] += height > pz
    return crossings

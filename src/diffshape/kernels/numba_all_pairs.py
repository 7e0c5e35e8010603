"""Exact nearest neighbour in three dimensions on the CPU, of few points: every point is compared with 16 queries.

The queries stand in the lanes of vector instructions. Distances are the k-d tree's, bit for bit, ties to the lowest
index.
"""

import numpy as np

from diffshape.kernels.compiled import compiled

WIDTH = 16
"""Queries that ask together: the float32 numbers of the widest vector registers."""

FEW_PAIRS = 512 * 512
"""Largest number of pairs of two clouds for which comparing all of them is faster than preparing a search."""


@compiled
def nearest_of_all(task, points, queries, shift, distances, indices) -> None:
    """Nearest neighbours of the queries of cloud number ``task`` in cloud ``task`` + shift, counted round.

    Args:
        task: Number of a cloud of queries, from 0 to B - 1.
        points: (B, M, 3), M >= 1, float32 or float64.
        queries: (B, N, 3) of the same dtype.
        shift: How many clouds further the points are.
        distances: (B, N) of the same dtype, receives squared distances.
        indices: (B, N) int64, receives places in the cloud of the points.
    """
    points, queries = points[(task + shift) % len(points)], queries[task]
    distances, indices = distances[task], indices[task]
    lanes, names = np.empty(4 * WIDTH, points.dtype), np.empty(WIDTH, np.int32)
    for first in range(0, len(queries), WIDTH):
        for lane in range(WIDTH):
            query = min(first + lane, len(queries) - 1)
            for axis in range(3):
                lanes[axis * WIDTH + lane] = queries[query, axis]
            lanes[3 * WIDTH + lane], names[lane] = np.inf, 0
        _compare_all(points, lanes, names)
        for lane in range(min(WIDTH, len(queries) - first)):
            distances[first + lane], indices[first + lane] = lanes[3 * WIDTH + lane], names[lane]


@compiled(inline="always")
def _squared(points, i, x, y, z) -> float:
    """Squared distance, summed in the order of `numba_kdtree.squared_distance`."""
    dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
    return dx * dx + dy * dy + dz * dz


@compiled(inline="always")
def _nearer(distance, name, later, later_name) -> tuple:
    """The nearer one of two neighbours, of equals the first; without a branch."""
    return (later if later < distance else distance), (later_name if later < distance else name)


@compiled
def _compare_all(points, lanes, names) -> None:
    """Compare all points with the queries: x, y, z and the distance kept of each are in ``lanes``, one after the other.

    That is one array, as its parts are then known not to overlap, and the loop becomes vector instructions. Four points
    at a time meet each other first, so that comparisons need not wait for one another.
    """
    last = len(points) - 1
    for i in range(0, last + 1, 4):
        j, k, m = min(i + 1, last), min(i + 2, last), min(i + 3, last)
        for lane in range(WIDTH):
            x, y, z = lanes[lane], lanes[WIDTH + lane], lanes[2 * WIDTH + lane]
            near, near_name = _nearer(_squared(points, i, x, y, z), i, _squared(points, j, x, y, z), j)
            late, late_name = _nearer(_squared(points, k, x, y, z), k, _squared(points, m, x, y, z), m)
            near, near_name = _nearer(near, near_name, late, late_name)
            near, near_name = _nearer(lanes[3 * WIDTH + lane], names[lane], near, np.int32(near_name))
            lanes[3 * WIDTH + lane], names[lane] = near, near_name

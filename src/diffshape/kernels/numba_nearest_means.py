"""Mean distances from every cloud of one set to every cloud of another on the CPU, with one k-d tree a cloud.

Only distances are wanted, not who the neighbours are, so a search keeps one number. The points of a cloud ask in the
order of their own tree, in which neighbours follow one another, and each begins from a bound by the one before.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import SLACK, SMALLEST, box_distance, squared_distance

LARGE_LEAF = 32
"""Largest number of points in a leaf, more than in other searches: without a list of neighbours, points cost little."""


@compiled
def nearest_means(task, asking, asked, means, squares) -> None:
    """Mean of min_t |p - t| and of min_t |p - t|^2 over the points p of one cloud, to each of the clouds t.

    Args:
        task: The cloud that asks, one of S.
        asking: `numba_kdtree.Tree` over (S, N, 3).
        asked: Tree over (R, M, 3) of the same dtype, best with ``LARGE_LEAF``.
        means: (S, R) float64, receives the means of distances.
        squares: (S, R) float64, receives the means of squared distances.
    """
    for other in range(len(asked.points)):
        means[task, other], squares[task, other] = _both_means(
            asking.points[task], asked.points[other], asked.boxes[other]
        )


@compiled
def _both_means(queries, points, boxes) -> tuple[float, float]:
    """The two means for one cloud and another."""
    depth = 0
    while 2 << depth < len(boxes):
        depth += 1
    stack, distances = np.empty(depth + 1, np.int64), np.empty(depth + 1, points.dtype)
    total, total_squares, bound, before = 0.0, 0.0, np.inf, 0
    for i in range(len(queries)):
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        step = squared_distance(queries, before, x, y, z)
        limit = (math.sqrt(bound) + math.sqrt(step)) ** 2 * SLACK + SMALLEST
        bound, before = np.float64(_nearest(points, boxes, depth, x, y, z, limit, stack, distances)), i
        total, total_squares = total + math.sqrt(bound), total_squares + bound
    return total / len(queries), total_squares / len(queries)


@compiled
def _nearest(points, boxes, depth, x, y, z, limit, stack, distances) -> float:
    """The smallest squared distance to a point, known to be at most ``limit``."""
    leaves, count = 1 << depth, len(points)
    node, height, nearest = 1, 0, limit
    while True:
        while node < leaves:
            node *= 2
            other = node + 1
            near, far = box_distance(boxes, node, x, y, z), box_distance(boxes, other, x, y, z)
            if far < near:
                node, other, near, far = other, node, far, near
            if far < nearest:
                stack[height], distances[height] = other, far
                height += 1
            if near >= nearest:
                node = 0
                break
        if node:
            place = node - leaves
            for i in range((place * count) >> depth, ((place + 1) * count) >> depth):
                nearest = min(nearest, squared_distance(points, i, x, y, z))
        while True:
            if height == 0:
                return nearest
            height -= 1
            node = stack[height]
            if distances[height] < nearest:
                break

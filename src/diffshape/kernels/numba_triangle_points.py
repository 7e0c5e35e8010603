"""The point of a cloud nearest to a triangle, exactly, on the CPU: the k-d tree of the points, searched by triangles.

A node of the tree is dropped when no point of its box can be nearer than the best so far. Two bounds hold for a
triangle and a box: the distance between the boxes of both, and, for a triangle larger than the box, the distance of the
box's centre to the triangle less half the box's diagonal. Both are taken smaller by a little more than their rounding.
A search starts from the point that was nearest to the triangle before (triangles come along a Morton curve of their
centres). Ties fall to the lowest index. Everything is float64.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_bvh import triangle_distance

CHUNK = 512
"""Triangles a task answers."""

ROUNDING = 1 - 1e-12
"""Factor of a bound, so that rounding never makes it exceed the distance of a point."""


@compiled
def _between_boxes(low, high, boxes, node) -> float:
    """Squared distance between the box of a triangle, low to high, and that of a node, rounded down."""
    squared = 0.0
    for axis in range(3):
        gap = max(max(boxes[node, axis] - high[axis], low[axis] - boxes[node, 3 + axis]), 0.0)
        squared += gap * gap
    return squared * ROUNDING


@compiled
def _is_larger(low, high, boxes, node) -> bool:
    """Whether the box of a triangle is larger than that of a node, so that the triangle may leave most of it empty."""
    own, other = 0.0, 0.0
    for axis in range(3):
        own = max(own, high[axis] - low[axis])
        other = max(other, boxes[node, 3 + axis] - boxes[node, axis])
    return own > other


@compiled
def _beyond_ball(triangles, i, boxes, node) -> float:
    """Squared distance between triangle i and the ball around a node's box, 0 if they meet, rounded down."""
    squared, size = 0.0, 0.0
    for axis in range(3):
        squared += (boxes[node, 3 + axis] - boxes[node, axis]) ** 2 / 4
        size = max(size, abs(boxes[node, axis]), abs(boxes[node, 3 + axis]))
    x = (boxes[node, 0] + boxes[node, 3]) / 2
    y = (boxes[node, 1] + boxes[node, 4]) / 2
    z = (boxes[node, 2] + boxes[node, 5]) / 2
    far = math.sqrt(triangle_distance(triangles, i, x, y, z)) * ROUNDING
    apart = max(far - math.sqrt(squared) / ROUNDING - (1 - ROUNDING) * size, 0.0)
    return apart * apart


@compiled
def _search(points, index, boxes, lowest, triangles, i, guess, low, high, stack, bounds) -> tuple[int, float]:
    """The place in the tree of the point nearest to triangle i, from a guess on, and its squared distance."""
    leaves, count = len(boxes) // 2, len(points)
    place, best_index = guess, index[guess]
    best = triangle_distance(triangles, i, points[guess, 0], points[guess, 1], points[guess, 2])
    stack[0], bounds[0], height = 1, 0.0, 1
    while height > 0:
        height -= 1
        node = stack[height]
        if bounds[height] > best or (bounds[height] == best and lowest[node] >= best_index):
            continue
        if _is_larger(low, high, boxes, node) and _beyond_ball(triangles, i, boxes, node) > best:
            continue
        if node < leaves:
            near, far = 2 * node, 2 * node + 1
            near_bound = _between_boxes(low, high, boxes, near)
            far_bound = _between_boxes(low, high, boxes, far)
            if far_bound < near_bound:
                near, far, near_bound, far_bound = far, near, far_bound, near_bound
            stack[height], bounds[height] = far, far_bound
            stack[height + 1], bounds[height + 1] = near, near_bound
            height += 2
            continue
        leaf = node - leaves
        for j in range(leaf * count // leaves, (leaf + 1) * count // leaves):
            distance = triangle_distance(triangles, i, points[j, 0], points[j, 1], points[j, 2])
            if distance < best or (distance == best and index[j] < best_index):
                place, best, best_index = j, distance, index[j]
    return place, best


@compiled
def query_points(task, tree, triangles, order, indices) -> None:
    """One task, of ``CHUNK`` triangles.

    Args:
        task: Which part of ``order`` to answer.
        tree: Points (M, 3), their places (M,), boxes and lowest indices, as in one tree of `numba_kdtree`; float64.
        triangles: (F, 3, 3) finite, float64.
        order: (F,) the triangles along a Morton curve.
        indices: (F,) int64, receives the points nearest to the triangles, by their place in the cloud given.
    """
    points, index, boxes, lowest = tree
    depth = 1
    while 1 << depth < len(boxes):
        depth += 1
    stack, bounds = np.empty(depth + 2, np.int64), np.empty(depth + 2, np.float64)
    low, high = np.empty(3), np.empty(3)
    place = 0
    for i in order[task * CHUNK : (task + 1) * CHUNK]:
        for axis in range(3):
            low[axis] = min(triangles[i, 0, axis], triangles[i, 1, axis], triangles[i, 2, axis])
            high[axis] = max(triangles[i, 0, axis], triangles[i, 1, axis], triangles[i, 2, axis])
        place, _ = _search(points, index, boxes, lowest, triangles, i, place, low, high, stack, bounds)
        indices[i] = index[place]

"""Exact k nearest neighbours in three dimensions on the CPU: a balanced k-d tree with a bounding box a node.

Node p of level v holds the points [p M / 2^v, (p + 1) M / 2^v) of a permuted copy, so the tree is one permutation, one
table of boxes in heap order (root 1, children 2i and 2i + 1), and no pointers. A node is halved along its widest side.

A search walks to the nearer child first and drops a box farther than the worst neighbour kept. It is exact bit for
bit: rounding is monotone, so the rounded distance to a box never exceeds the rounded distance to a point inside,
summed in the same order; ties fall to the lowest index, and the lowest index under each node ends a search among
equal points. Queries come in Morton order and start from a bound by the one before.

Source: Bentley, CACM 1975; Friedman, Bentley, Finkel, ACM TOMS 1977; here with boxes and an implicit layout.
"""

import math
from typing import NamedTuple

import numpy as np
import torch

from diffshape.kernels.compiled import compiled
from diffshape.kernels.threads import run_tasks

LEAF = 8
"""Default for the largest number of points in a leaf."""

SUBTREE_LEVEL = 3
"""Level down to which few trees are grown in one thread, then in 2^SUBTREE_LEVEL parts each."""

DEEPEST = 64
"""Level that no tree reaches."""

TASKS, FEWEST = 8, 1024
"""Tasks for each thread into which queries are shared, and the fewest queries of a task."""

SLACK, SMALLEST = 1 + 1e-5, 1.2e-38
"""Factor and summand that widen a bound beyond the rounding of float32, the latter where squares underflow."""


class Tree(NamedTuple):
    """B trees over B clouds of M points."""

    points: np.ndarray  # (B, M, 3) permuted, float32 or float64
    index: np.ndarray  # (B, M) int32, the place of each point in the cloud given
    boxes: np.ndarray  # (B, 2 L, 6) smallest then largest corner of each node, L leaves
    lowest: np.ndarray  # (B, 2 L) int32, lowest index under each node


def build_tree(points: np.ndarray, threads: int | None = None, leaf: int = LEAF) -> Tree:
    """Trees over (B, M, 3) C-contiguous finite points, M >= 1, float32 or float64, at most `leaf` points in a leaf."""
    batch, count, _ = points.shape
    leaves = 1
    while leaves * leaf < count:
        leaves *= 2
    tree = Tree(
        points.copy(),
        np.tile(np.arange(count, dtype=np.int32), (batch, 1)),
        np.empty((batch, 2 * leaves, 6), points.dtype),
        np.empty((batch, 2 * leaves), np.int32),
    )
    top = 0 if threads == 1 or batch >= 1 << SUBTREE_LEVEL or leaves <= 1 << SUBTREE_LEVEL else SUBTREE_LEVEL
    if top:
        run_tasks(_grow, batch, tree, 0, top, threads=threads)
    run_tasks(_grow, batch << top, tree, top, DEEPEST, threads=threads)
    return tree


def query_tree(
    tree: Tree,
    queries: np.ndarray,
    order: np.ndarray,
    distances: np.ndarray,
    indices: np.ndarray,
    threads: int | None = None,
    manhattan: bool | None = None,
) -> None:
    """Nearest neighbours of the unanswered among (B, N, 3) finite queries, written in place, ascending.

    Args:
        tree: Made by `build_tree`, of the queries' batch size and dtype.
        queries: (B, N, 3) C-contiguous.
        order: (B, N) int32, along a curve: `morton_orders`.
        distances: (B, N, k) of the queries' dtype, receives squared distances; 1 <= k <= M.
        indices: (B, N, k) int64, -1 where an answer is wanted, receives places in the cloud the tree was built from.
        threads: Share the queries among so many; as many as torch if ``None``.
        manhattan: True for distances sum_d |x_d - y_d|; ``None``, which the compiler sees, for squared Euclidean ones.
    """
    tasks, size = share(order, threads)
    run_tasks(_query, tasks, size, tree, queries, order, distances, indices, manhattan, threads=threads)


def share(order: np.ndarray, threads: int | None) -> tuple[int, int]:
    """How many tasks the queries of an order (B, N) are shared into, and how many queries one has."""
    batch, count = order.shape
    size = max(FEWEST, -(-batch * count // (TASKS * (threads or torch.get_num_threads()))))
    return batch * -(-count // size), size


@compiled
def _bound(points, index, first, last, boxes, lowest, node) -> int:
    """Write the box and the lowest index of some points as a node's; return the box's widest axis."""
    widest, extent = 0, points[first, 0] - points[first, 0]
    for axis in range(3):
        low = high = points[first, axis]
        for i in range(first + 1, last):
            low, high = min(low, points[i, axis]), max(high, points[i, axis])
        boxes[node, axis], boxes[node, 3 + axis] = low, high
        if high - low > extent:
            widest, extent = axis, high - low
    lowest[node] = index[first]
    for i in range(first + 1, last):
        lowest[node] = min(lowest[node], index[i])
    return widest


@compiled
def _swap(points, index, i, j) -> None:
    """Exchange two points and their indices."""
    index[i], index[j] = index[j], index[i]
    for axis in range(3):
        points[i, axis], points[j, axis] = points[j, axis], points[i, axis]


@compiled
def _median(a, b, c) -> float:
    """The middle one of three numbers."""
    return max(min(a, b), min(max(a, b), c))


@compiled
def _select(points, index, first, last, middle, axis) -> None:
    """Hoare's selection: afterwards nothing before ``middle`` is larger along ``axis`` than anything from it on."""
    low, high = first, last - 1
    while low < high:
        pivot = _median(points[low, axis], points[(low + high) // 2, axis], points[high, axis])
        i, j = low, high
        while i <= j:
            while points[i, axis] < pivot:
                i += 1
            while points[j, axis] > pivot:
                j -= 1
            if i <= j:
                _swap(points, index, i, j)
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@compiled
def _grow_node(points, index, boxes, lowest, node, level) -> None:
    """Bound a node of a level and, unless it is a leaf, bring the lower half of its points to the front."""
    count, place = len(points), node - (1 << level)
    first, last = (place * count) >> level, ((place + 1) * count) >> level
    axis = _bound(points, index, first, last, boxes, lowest, node)
    if 2 * node < len(boxes):
        _select(points, index, first, last, ((2 * place + 1) * count) >> (level + 1), axis)


@compiled
def _grow(task, tree, top, bottom) -> None:
    """Grow one of the subtrees that hang from level ``top``, down to the level above ``bottom`` or to the leaves."""
    b, first = task >> top, (1 << top) + (task & ((1 << top) - 1))
    points, index, boxes, lowest = tree.points[b], tree.index[b], tree.boxes[b], tree.lowest[b]
    last = first + 1
    for level in range(top, bottom):
        if first >= len(boxes):
            return
        for node in range(first, last):
            _grow_node(points, index, boxes, lowest, node, level)
        first, last = 2 * first, 2 * last


@compiled
def squared_distance(points, i, x, y, z) -> float:
    """Squared distance of point i, summed in the order the whole module relies on."""
    dx, dy, dz = points[i, 0] - x, points[i, 1] - y, points[i, 2] - z
    return dx * dx + dy * dy + dz * dz


@compiled
def box_distance(boxes, i, x, y, z) -> float:
    """Squared distance to box i, 0 inside, rounded as `squared_distance` rounds."""
    zero = x - x
    dx = max(max(boxes[i, 0] - x, x - boxes[i, 3]), zero)
    dy = max(max(boxes[i, 1] - y, y - boxes[i, 4]), zero)
    dz = max(max(boxes[i, 2] - z, z - boxes[i, 5]), zero)
    return dx * dx + dy * dy + dz * dz


@compiled
def _distance(points, i, x, y, z, manhattan) -> float:
    """Distance of point i in the metric of a search."""
    if manhattan is None:
        return squared_distance(points, i, x, y, z)
    return abs(points[i, 0] - x) + abs(points[i, 1] - y) + abs(points[i, 2] - z)


@compiled
def _distance_to_box(boxes, i, x, y, z, manhattan) -> float:
    """Distance to box i, 0 inside, rounded as `_distance` rounds."""
    if manhattan is None:
        return box_distance(boxes, i, x, y, z)
    zero = x - x
    dx = max(max(boxes[i, 0] - x, x - boxes[i, 3]), zero)
    dy = max(max(boxes[i, 1] - y, y - boxes[i, 4]), zero)
    dz = max(max(boxes[i, 2] - z, z - boxes[i, 5]), zero)
    return dx + dy + dz


@compiled
def _reach(bound, step, manhattan) -> float:
    """A bound for a query that is a step from one whose worst neighbour is at a bound, widened beyond rounding."""
    if manhattan is None:
        return (math.sqrt(bound) + math.sqrt(step)) ** 2 * SLACK + SMALLEST
    return (bound + step) * SLACK + SMALLEST


@compiled
def _insert(distances, indices, distance, index) -> None:
    """Put a neighbour into its place among the k kept; the last one falls out."""
    slot = len(distances) - 1
    while slot > 0 and (
        distance < distances[slot - 1] or (distance == distances[slot - 1] and index < indices[slot - 1])
    ):
        distances[slot], indices[slot] = distances[slot - 1], indices[slot - 1]
        slot -= 1
    distances[slot], indices[slot] = distance, index


@compiled
def _search(
    points, index, boxes, lowest, depth, x, y, z, distances, indices, stack, stack_distances, manhattan
) -> None:
    """Improve the k neighbours kept for one query until no box can hold a better one."""
    leaves, count = 1 << depth, len(points)
    worst, worst_index = distances[-1], indices[-1]
    node, height = 1, 0
    while True:
        while node < leaves:
            node *= 2
            other = node + 1
            near = _distance_to_box(boxes, node, x, y, z, manhattan)
            far = _distance_to_box(boxes, other, x, y, z, manhattan)
            if far < near or (far == near and lowest[other] < lowest[node]):
                node, other, near, far = other, node, far, near
            if far < worst or (far == worst and lowest[other] < worst_index):
                stack[height], stack_distances[height] = other, far
                height += 1
            if near > worst or (near == worst and lowest[node] >= worst_index):
                node = 0
                break
        if node:
            place = node - leaves
            for i in range((place * count) >> depth, ((place + 1) * count) >> depth):
                distance = _distance(points, i, x, y, z, manhattan)
                if distance < worst or (distance == worst and index[i] < worst_index):
                    _insert(distances, indices, distance, np.int64(index[i]))
                    worst, worst_index = distances[-1], indices[-1]
        while True:
            if height == 0:
                return
            height -= 1
            node, near = stack[height], stack_distances[height]
            if near < worst or (near == worst and lowest[node] < worst_index):
                break


@compiled
def _query_range(points, index, boxes, lowest, queries, order, distances, indices, manhattan) -> None:
    """Answer the queries named by ``order``, each starting from a bound by the triangle inequality on the one before.

    With a step s from a query whose worst neighbour is at distance w, k points lie within s + w of the next query.
    """
    depth = 0
    while 2 << depth < len(boxes):
        depth += 1
    stack, stack_distances = np.empty(depth + 1, np.int64), np.empty(depth + 1, points.dtype)
    bound, before = np.inf, order[0]
    for i in order:
        if indices[i, 0] >= 0:
            continue
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        bound = _reach(bound, _distance(queries, np.int64(before), x, y, z, manhattan), manhattan)
        distances[i], indices[i] = bound, len(points)
        kept, names = distances[i], indices[i]
        _search(points, index, boxes, lowest, depth, x, y, z, kept, names, stack, stack_distances, manhattan)
        bound, before = np.float64(distances[i, -1]), i


@compiled
def _query(task, size, tree, queries, order, distances, indices, manhattan) -> None:
    """Answer ``size`` queries of one cloud."""
    tasks = (order.shape[1] + size - 1) // size
    b, first = task // tasks, task % tasks * size
    _query_range(
        tree.points[b],
        tree.index[b],
        tree.boxes[b],
        tree.lowest[b],
        queries[b],
        order[b, first : first + size],
        distances[b],
        indices[b],
        manhattan,
    )

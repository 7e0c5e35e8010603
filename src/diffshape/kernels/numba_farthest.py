"""Farthest-point sampling on the CPU: exact, and the leaves of a k-d tree spare most of the work.

Every point has a squared distance to what is chosen so far, and every leaf the largest of its points. A new choice can
shorten distances only in leaves whose box is nearer to it than that largest distance; all others are passed over. It is
exact bit for bit, because rounding is monotone: the rounded distance to a box never exceeds that to a point inside.

Source: Eldar et al., IEEE TIP 1997 (the greedy rule); Han et al., QuickFPS, IEEE TCAD 2023 (the boxes).
"""

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import Tree, box_distance, squared_distance


@compiled
def choose_farthest(task, tree: Tree, starts, counts, chosen) -> None:
    """Fill row ``task`` of ``chosen`` with the places of points, each the farthest from those before it.

    Args:
        task: Number of the cloud, from 0 to B - 1.
        tree: Trees of the clouds, by `build_tree`.
        starts: (B,) int64, the place of the first point.
        counts: (B,) int64, how many points are wanted, at most those of the cloud.
        chosen: (B, K) int64, receives places in the cloud that the tree was built from.
    """
    points, index, boxes = tree.points[task], tree.index[task], tree.boxes[task]
    count, leaves = len(points), len(boxes) // 2
    distances = np.full(count, np.inf, points.dtype)  # -1 for points that are chosen
    largest, farthest = np.empty(leaves, points.dtype), np.empty(leaves, np.int64)
    for leaf in range(leaves):
        _look_at_leaf(leaf, leaves, index, distances, largest, farthest)
    current = 0
    while index[current] != starts[task]:
        current += 1
    for slot in range(counts[task]):
        chosen[task, slot] = index[current]
        distances[current] = -1
        x, y, z = points[current, 0], points[current, 1], points[current, 2]
        current, furthest, place = -1, -1.0, count
        for leaf in range(leaves):
            near = box_distance(boxes, leaves + leaf, x, y, z)
            if near < largest[leaf] or near == 0:
                for i in range((leaf * count) // leaves, ((leaf + 1) * count) // leaves):
                    if distances[i] >= 0:
                        distances[i] = min(distances[i], squared_distance(points, i, x, y, z))
                _look_at_leaf(leaf, leaves, index, distances, largest, farthest)
            best = farthest[leaf]
            if best >= 0 and (largest[leaf] > furthest or (largest[leaf] == furthest and index[best] < place)):
                current, furthest, place = best, largest[leaf], index[best]


@compiled
def _look_at_leaf(leaf, leaves, index, distances, largest, farthest) -> None:
    """Write down the largest distance in a leaf and the point that has it, of equals the one of lowest index."""
    count = len(index)
    largest[leaf], farthest[leaf] = -1, -1
    for i in range((leaf * count) // leaves, ((leaf + 1) * count) // leaves):
        best = farthest[leaf]
        if distances[i] >= 0 and (
            distances[i] > largest[leaf] or (distances[i] == largest[leaf] and index[i] < index[best])
        ):
            largest[leaf], farthest[leaf] = distances[i], i

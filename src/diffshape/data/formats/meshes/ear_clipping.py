"""Triangles of a polygon that is not convex.

An ear is a corner that points outward and whose triangle with its two neighbours holds no other corner; cutting it off
leaves a polygon of one corner less (Meisters, "Polygons have ears", American Mathematical Monthly 82, 1975). Only
corners that point inward can lie in such a triangle, so only these are looked at.
"""

import numpy as np
from numpy.typing import NDArray


def clip_ears(polygon: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """The N - 2 triangles of a flat polygon (N, 2) that runs counter-clockwise, as numbers of its corners.

    Corners may coincide, as where a bridge leads to a hole. A polygon that crosses itself is cut somehow. Time O(N^2).

    >>> clip_ears(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.5, 0.5], [0.0, 2.0]]))
    [(1, 2, 3), (3, 4, 0), (0, 1, 3)]
    """
    count = len(polygon)
    before, after = [(i - 1) % count for i in range(count)], [(i + 1) % count for i in range(count)]
    turns = np.array([_turn(*polygon[[before[i], i, after[i]]]) for i in range(count)])
    gone = np.zeros(count, bool)
    triangles, corner, misses = [], 0, 0
    for left in range(count, 3, -1):
        while not _is_ear(polygon, before[corner], corner, after[corner], turns, gone):
            corner, misses = after[corner], misses + 1
            if misses > left:  # none is left: corners in line, or the polygon crosses itself
                corner = int(np.where(gone, np.inf, np.abs(turns)).argmin())
                break
        misses, low, high = 0, before[corner], after[corner]
        triangles.append((low, corner, high))
        gone[corner], after[low], before[high] = True, high, low
        for each in (low, high):
            turns[each] = _turn(*polygon[[before[each], each, after[each]]])
        corner = after[high]
    return [*triangles, (before[corner], corner, after[corner])]


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    """Twice the area of a triangle, positive if it runs counter-clockwise."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_ear(
    polygon: NDArray[np.float64], low: int, corner: int, high: int, turns: NDArray[np.float64], gone: NDArray[np.bool_]
) -> bool:
    if turns[corner] <= 0:
        return False
    others = polygon[(turns <= 0) & ~gone]
    inside = np.ones(len(others), bool)
    a, b, c = polygon[[low, corner, high]]
    for start, end in ((a, b), (b, c), (c, a)):
        side = (end[0] - start[0]) * (others[:, 1] - start[1]) - (end[1] - start[1]) * (others[:, 0] - start[0])
        inside &= (side >= 0) & (others != start).any(axis=1)
    return not inside.any()

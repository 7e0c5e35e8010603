"""Exact nearest neighbour in three dimensions on the CPU: a uniform grid, for clouds that overlap.

Points are sorted by cell, z fastest, so a row of cells along z is one run of points. Queries come in Morton order: the
neighbour of the one before bounds a ball, and the rows of cells that it touches are scanned while it shrinks. Where
that ball is large, growing blocks of cells are scanned instead until one holds it. A query that would read too many
rows or points is left unanswered, for a tree: far from the points a grid is hopeless.

Cells are found in float64 by monotone arithmetic and every bound gives way by ``MARGIN`` of a cell, so no rounding
hides a point; distances are the k-d tree's, bit for bit, ties to the lowest index. Source: Bentley, Weide, Yao, ACM
TOMS 1980.
"""

import math
from typing import NamedTuple

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import share, squared_distance
from diffshape.kernels.numba_morton import bounding_box
from diffshape.kernels.threads import run_tasks

POINTS_PER_CELL = 4
"""Mean number of points, in cells that hold any, down to which cells are refined."""

CELLS_PER_POINT = 6
"""Largest number of cells for each point, empty ones included, which bounds memory."""

MOST_ROWS, MOST_POINTS = 60, 1000
"""Rows of cells and points that one query may read before it is left to the tree."""

FARTHEST, FAILURES = 16, 16
"""Cells outside the grid from which a query is left to the tree; unanswered queries, besides half, to give up after."""

MARGIN = 0.01
"""Share of a cell by which bounds are widened against rounding."""

STEP = 1.2
"""Least factor of refinement for which counting the points again pays."""

SMALLEST, LARGEST = 1e-12, 1e12
"""Sizes of cloud for which squares neither vanish nor overflow in float32; others get no grid."""


class Grid(NamedTuple):
    """B grids over B clouds of M points, of at most C cells each."""

    points: np.ndarray  # (B, M, 3) sorted by cell
    index: np.ndarray  # (B, M) int32, the place of each point in the cloud given
    start: np.ndarray  # (B, C + 2) int32, the first point of each cell
    corner: np.ndarray  # (B, 3) float64
    scale: np.ndarray  # (B,) float64, cells a unit of length; 0 where there is no grid
    shape: np.ndarray  # (B, 3) int64, cells along each axis


def build_grid(points: np.ndarray, threads: int | None = None) -> Grid:
    """Grids over (B, M, 3) C-contiguous finite points, M >= 1, float32 or float64; a thread a cloud."""
    batch, count, _ = points.shape
    grid = Grid(
        np.empty_like(points),
        np.empty((batch, count), np.int32),
        np.empty((batch, CELLS_PER_POINT * count + 3), np.int32),
        np.empty((batch, 3)),
        np.empty(batch),
        np.empty((batch, 3), np.int64),
    )
    run_tasks(_build, batch, grid, points, threads=threads)
    return grid


def query_grid(
    grid: Grid,
    queries: np.ndarray,
    order: np.ndarray,
    distances: np.ndarray,
    indices: np.ndarray,
    threads: int | None = None,
) -> None:
    """Nearest neighbour of (B, N, 3) finite queries, written in place.

    Args:
        grid: Made by `build_grid`, of the queries' batch size and dtype.
        queries: (B, N, 3) C-contiguous.
        order: (B, N) int32, along a curve: `morton_orders`.
        distances: (B, N) of the queries' dtype, receives squared distances.
        indices: (B, N) int64, holds -1, receives places in the cloud the grid was built from where there is an answer.
        threads: Share the queries among so many; as many as torch if ``None``.
    """
    tasks, size = share(order, threads)
    run_tasks(_query, tasks, size, grid, queries, order, distances, indices, threads=threads)


@compiled
def _room(extents, scale) -> float:
    """An upper bound of the number of cells of a grid; a float, as the number may be huge."""
    return (extents[0] * scale + 1) * (extents[1] * scale + 1) * (extents[2] * scale + 1)


@compiled
def _count(points, corner, scale, shape, cells, start) -> int:
    """Write the cell of each point and, two places after it, how many points it holds; return how many hold any."""
    start[: shape[0] * shape[1] * shape[2] + 2] = 0
    occupied = 0
    for i in range(len(points)):
        cell = 0
        for axis in range(3):
            step = int((np.float64(points[i, axis]) - corner[axis]) * scale)
            cell = cell * shape[axis] + min(step, shape[axis] - 1)
        cells[i] = cell
        occupied += start[cell + 2] == 0
        start[cell + 2] += 1
    return occupied


@compiled
def _refine(points, corner, extents, shape, cells, start) -> float:
    """Choose the cells a unit of length, finer where few cells hold points, and count the points in each."""
    count = len(points)
    scale = (count / 2) ** (1 / 3) / max(extents)
    while True:
        for axis in range(3):
            shape[axis] = int(extents[axis] * scale) + 1
        occupied = _count(points, corner, scale, shape, cells, start)
        finer = scale * max(1.0, math.sqrt(count / (occupied * POINTS_PER_CELL)))
        while finer > STEP * scale and _room(extents, finer) > CELLS_PER_POINT * count:
            finer /= STEP
        if finer <= STEP * scale:
            return scale
        scale = finer


@compiled
def _sort(points, cells, start, sorted_points, index) -> None:
    """Bring points and their indices into the order of cells; turn counts into the first point of each cell."""
    for cell in range(2, len(start)):
        start[cell] += start[cell - 1]
    for i in range(len(points)):
        place = start[cells[i] + 1]
        start[cells[i] + 1] += 1
        index[place] = i
        for axis in range(3):
            sorted_points[place, axis] = points[i, axis]


@compiled
def _build(task, grid, points) -> None:
    """Sort one cloud into cells; its scale is 0 where the cloud's size forbids a grid."""
    points = points[task]
    corner, shape, start = grid.corner[task], grid.shape[task], grid.start[task]
    low, high = bounding_box(points)
    corner[0], corner[1], corner[2] = low[0], low[1], low[2]
    extents = (high[0] - corner[0], high[1] - corner[1], high[2] - corner[2])
    grid.scale[task] = 0.0
    if not SMALLEST < max(extents) < LARGEST:
        return
    cells = np.empty(len(points), np.int32)
    grid.scale[task] = _refine(points, corner, extents, shape, cells, start)
    _sort(points, cells, start[: shape[0] * shape[1] * shape[2] + 2], grid.points[task], grid.index[task])


@compiled
def _span(position, radius, size) -> tuple[int, int]:
    """First and last cell along an axis within a radius of a position, all in cells."""
    reach = radius + MARGIN
    return max(math.floor(position - reach), 0), min(math.floor(position + reach), size - 1)


@compiled
def _gap(cell, position) -> float:
    """Squared distance from a position to a cell along an axis, in cells, less the margin."""
    return max(max(cell - position, position - cell - 1) - MARGIN, 0.0) ** 2


@compiled
def _scan_block(
    points, index, start, shape, scale, place, radius, query, best, best_place
) -> tuple[float, np.int64, bool]:
    """Scan the cells within a radius of a query; return the best neighbour and whether the work stayed in bounds."""
    (u, v, w), (x, y, z) = place, query
    first_u, last_u = _span(u, radius, shape[0])
    first_v, last_v = _span(v, radius, shape[1])
    first_w, last_w = _span(w, radius, shape[2])
    if (last_u - first_u + 1) * (last_v - first_v + 1) > MOST_ROWS:
        return best, best_place, False
    scanned = 0
    for cell_u in range(first_u, last_u + 1):
        for cell_v in range(first_v, last_v + 1):
            if first_w > last_w or _gap(cell_u, u) + _gap(cell_v, v) > best * scale * scale:
                continue
            row = (cell_u * shape[1] + cell_v) * shape[2]
            first, last = start[row + first_w], start[row + last_w + 1]
            scanned += last - first
            if scanned > MOST_POINTS:
                return best, best_place, False
            for i in range(first, last):
                distance = squared_distance(points, i, x, y, z)
                if distance < best or (distance == best and (best_place < 0 or index[i] < index[best_place])):
                    best, best_place = np.float64(distance), np.int64(i)
    return best, best_place, True


@compiled
def _nearest(points, index, start, shape, scale, place, query, best, best_place) -> tuple[float, np.int64]:
    """Scan growing blocks of cells until one holds the ball up to the best neighbour; place -1 when out of bounds."""
    radius = min(math.sqrt(best) * scale, 1.0)
    while True:
        best, best_place, bounded = _scan_block(
            points, index, start, shape, scale, place, radius, query, best, best_place
        )
        if not bounded:
            return best, np.int64(-1)
        ball = math.sqrt(best) * scale
        if ball <= radius:
            return best, best_place
        radius = min(ball, 2 * radius + 1)


@compiled
def _query_range(grid, b, queries, order, distances, indices) -> None:
    """Answer the queries of cloud b named by ``order``, unless about half of them turn out to be beyond a grid."""
    points, index, start, shape = grid.points[b], grid.index[b], grid.start[b], grid.shape[b]
    corner, scale = grid.corner[b], grid.scale[b]
    guess, failed = np.int64(-1), 0
    for done, i in enumerate(order):
        if scale == 0 or failed > FAILURES + done // 2:
            continue
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        u, v, w = (x - corner[0]) * scale, (y - corner[1]) * scale, (z - corner[2]) * scale
        if max(-min(u, v, w), u - shape[0], v - shape[1], w - shape[2]) > FARTHEST:
            failed += 1
            continue
        best = np.float64(squared_distance(points, guess, x, y, z)) if guess >= 0 else np.inf
        best, place = _nearest(points, index, start, shape, scale, (u, v, w), (x, y, z), best, guess)
        if place < 0:
            failed += 1
            continue
        distances[i], indices[i], guess = best, index[place], place


@compiled
def _query(task, size, grid, queries, order, distances, indices) -> None:
    """Answer ``size`` queries of one cloud."""
    tasks = (order.shape[1] + size - 1) // size
    b, first = task // tasks, task % tasks * size
    _query_range(grid, b, queries[b], order[b, first : first + size], distances[b], indices[b])

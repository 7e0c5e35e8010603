"""Exact nearest neighbour in three dimensions on the CPU: a uniform grid, for clouds that overlap.

Points are sorted by cell, z fastest, so a run of cells along z is one run of points. The neighbour of the query before
bounds a ball; the rows of cells it touches are scanned, the query's own row first, and the ball shrinks on the way.
Without a bound, blocks of cells grow around the query. A query that would read too many rows or points is left
unanswered, for a tree: far from the points a grid is hopeless.

Cells are found in float64 by monotone arithmetic and every bound gives way by ``MARGIN`` of a cell, so no rounding
hides a point; distances are the k-d tree's, bit for bit, ties to the lowest index. Source: Bentley, Weide, Yao, ACM
TOMS 1980.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from diffshape.kernels.numba_kdtree import CHUNK, squared_distance
from diffshape.kernels.numba_morton import bounding_box, morton_order

POINTS_PER_CELL = 4
"""Cells are refined until those that hold any points hold this many on average."""

CELLS_PER_POINT = 6
"""The most cells, empty ones included, which bounds memory."""

MOST_ROWS, MOST_POINTS = 300, 2000
"""What one query may look at before it is left to the tree."""

FARTHEST, FAILURES = 16, 16
"""Queries this many cells outside the grid are left to the tree at once; after more than these and half, all are."""

MARGIN = 0.01
"""Part of a cell by which bounds give way to rounding."""

EXTENTS = 1e-12, 1e12
"""Sizes of cloud for which squares neither vanish nor overflow in float32; others get no grid."""


class Grid(NamedTuple):
    """B grids over B clouds of M points, of at most C cells each."""

    points: np.ndarray  # (B, M, 3) sorted by cell
    index: np.ndarray  # (B, M) int32, the place of each point in the cloud given
    start: np.ndarray  # (B, C + 1) int32, the first point of each cell
    corner: np.ndarray  # (B, 3) float64
    scale: np.ndarray  # (B,) float64, cells a unit of length; 0 where there is no grid
    shape: np.ndarray  # (B, 3) int64, cells along each axis


def build_grid(points: np.ndarray, *, parallel: bool) -> Grid:
    """Grids over (B, M, 3) C-contiguous finite points, M >= 1, float32 or float64."""
    batch, count, _ = points.shape
    grid = Grid(
        np.empty_like(points),
        np.empty((batch, count), np.int32),
        np.empty((batch, CELLS_PER_POINT * count + 2), np.int32),
        np.empty((batch, 3)),
        np.empty(batch),
        np.empty((batch, 3), np.int64),
    )
    (_build_parallel if parallel and batch > 1 else _build_serial)(grid, points)
    return grid


def query_grid(grid: Grid, queries: np.ndarray, distances: np.ndarray, indices: np.ndarray, *, parallel: bool) -> None:
    """Nearest neighbour of (B, N, 3) finite queries, written in place.

    Args:
        grid: Made by `build_grid`, of the queries' batch size and dtype.
        queries: (B, N, 3) C-contiguous.
        distances: (B, N) of the queries' dtype, receives squared distances.
        indices: (B, N) int64, holds -1, receives places in the cloud the grid was built from where there is an answer.
        parallel: Share the queries among Numba's threads.
    """
    (_query_parallel if parallel else _query_serial)(grid, queries, distances, indices)


@njit(cache=True, nogil=True)
def _cells(points, corner, scale, shape) -> np.ndarray:
    """The cell (N,) int32 of each point, z fastest."""
    cells = np.zeros(len(points), np.int32)
    for axis in range(3):
        for i in range(len(points)):
            step = int((np.float64(points[i, axis]) - corner[axis]) * scale)
            cells[i] = cells[i] * shape[axis] + min(step, shape[axis] - 1)
    return cells


@njit(cache=True, nogil=True)
def _count(cells, start) -> int:
    """Write how many points each cell holds, one place to the right; return how many cells hold any."""
    start[:] = 0
    occupied = 0
    for cell in cells:
        occupied += start[cell + 1] == 0
        start[cell + 1] += 1
    return occupied


@njit(cache=True, nogil=True)
def _refine(points, corner, extent, start, shape) -> tuple[float, np.ndarray]:
    """Cells a unit of length, and the cell of each point, counted in ``start``: refined as for points on a surface."""
    scale = (len(points) / 2) ** (1 / 3) / extent.max()
    while True:
        for axis in range(3):
            shape[axis] = int(extent[axis] * scale) + 1
        cells = _cells(points, corner, scale, shape)
        occupied = _count(cells, start[: shape.prod() + 1])
        finer = scale * max(1.3, math.sqrt(len(points) / (occupied * POINTS_PER_CELL)))
        if len(points) <= POINTS_PER_CELL * occupied or (extent * finer + 1).prod() > CELLS_PER_POINT * len(points):
            return scale, cells
        scale = finer


@njit(cache=True, nogil=True)
def _build(points, sorted_points, index, start, corner, shape) -> float:
    """Sort one cloud into cells; return the cells a unit of length, or 0 where the cloud's size forbids a grid."""
    low, high = bounding_box(points)
    corner[:] = low
    extent = high.astype(np.float64) - corner
    if not EXTENTS[0] < extent.max() < EXTENTS[1]:
        return 0.0
    scale, cells = _refine(points, corner, extent, start, shape)
    last = shape.prod()
    for cell in range(last):
        start[cell + 1] += start[cell]
    for i in range(len(points) - 1, -1, -1):
        start[cells[i] + 1] -= 1
        place = start[cells[i] + 1]
        index[place] = i
        for axis in range(3):
            sorted_points[place, axis] = points[i, axis]
    start[:last] = start[1 : last + 1].copy()
    start[last] = len(points)
    return scale


@njit(cache=True, nogil=True)
def _build_cloud(grid, points, b) -> None:
    grid.scale[b] = _build(
        points[b], grid.points[b], grid.index[b], grid.start[b], grid.corner[b], grid.shape[b]
    )


@njit(cache=True, nogil=True)
def _build_serial(grid, points) -> None:
    for b in range(len(points)):
        _build_cloud(grid, points, b)


@njit(cache=True, nogil=True, parallel=True)
def _build_parallel(grid, points) -> None:
    for b in prange(len(points)):
        _build_cloud(grid, points, b)


@njit(cache=True, nogil=True)
def _span(position, radius, size) -> tuple[int, int]:
    """First and last cell along an axis within a radius of a position, all in cells."""
    reach = radius + MARGIN
    return max(int(math.floor(position - reach)), 0), min(int(math.floor(position + reach)), size - 1)


@njit(cache=True, nogil=True)
def _gap(cell, position) -> float:
    """Squared distance from a position to a cell along an axis, in cells, less the margin."""
    return max(max(cell - position, position - cell - 1) - MARGIN, 0.0) ** 2


@njit(cache=True, nogil=True)
def _scan_block(points, index, start, shape, scale, place, radius, query, best, best_place) -> tuple[float, int, bool]:
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
                    best, best_place = distance, np.int64(i)
    return best, best_place, True


@njit(cache=True, nogil=True)
def _nearest(points, index, start, shape, scale, place, query, best, best_place) -> tuple[float, int]:
    """Scan growing blocks of cells until one holds the ball up to the best neighbour; place -1 when out of bounds."""
    radius = 0.0
    while True:
        best, best_place, bounded = _scan_block(
            points, index, start, shape, scale, place, radius, query, best, best_place
        )
        ball = math.sqrt(best) * scale
        if not bounded:
            return best, -1
        if ball <= radius:
            return best, best_place
        radius = min(ball, 2 * radius + 1)


@njit(cache=True, nogil=True)
def _query_range(grid, b, queries, order, distances, indices) -> None:
    """Answer the queries of cloud b named by ``order``; stop where more than half were left unanswered."""
    points, index, start, shape = grid.points[b], grid.index[b], grid.start[b], grid.shape[b]
    corner, scale = grid.corner[b], grid.scale[b]
    guess, failed = -1, 0
    for done, i in enumerate(order):
        if scale == 0 or failed > FAILURES + done // 2:
            continue
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        u, v, w = (x - corner[0]) * scale, (y - corner[1]) * scale, (z - corner[2]) * scale
        if max(-min(u, v, w), u - shape[0], v - shape[1], w - shape[2]) > FARTHEST:
            failed += 1
            continue
        best = squared_distance(points, guess, x, y, z) if guess >= 0 else np.inf
        best, place = _nearest(points, index, start, shape, scale, (u, v, w), (x, y, z), best, guess)
        if place < 0:
            failed += 1
            continue
        distances[i], indices[i], guess = best, index[place], place


@njit(cache=True, nogil=True)
def _query_serial(grid, queries, distances, indices) -> None:
    for b in range(len(queries)):
        _query_range(grid, b, queries[b], morton_order(queries[b]), distances[b], indices[b])


@njit(cache=True, nogil=True, parallel=True)
def _query_parallel(grid, queries, distances, indices) -> None:
    batch, count, _ = queries.shape
    chunks = (count + CHUNK - 1) // CHUNK
    order = np.empty((batch, count), np.int32)
    for b in prange(batch):
        order[b] = morton_order(queries[b])
    for task in prange(batch * chunks):
        b, first = task // chunks, task % chunks * CHUNK
        _query_range(grid, b, queries[b], order[b, first : first + CHUNK], distances[b], indices[b])

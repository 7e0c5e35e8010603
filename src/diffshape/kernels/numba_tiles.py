"""Exact nearest neighbour in three dimensions on the CPU: tiles of 16 points, compared 16 queries at a time.

Both clouds are cut into tiles along a Hilbert curve; 16 tiles are a group. All queries of a tile ask together: groups,
and then their tiles, whose box is farther from the queries' box than the worst neighbour kept are dropped, and every
point of the others is compared with all queries in the lanes of vector instructions. The tile that held the last
neighbour of the queries before is looked at first. Queries that would look at too many tiles are left unanswered, for
a tree: far from the points, boxes drop little.

Rounding is monotone, so the rounded distance of two boxes never exceeds that of points inside, summed in the same
order; distances are the k-d tree's, bit for bit, ties to the lowest index.
"""

from typing import NamedTuple

import numpy as np
import torch

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_hilbert import hilbert_order
from diffshape.kernels.threads import run_tasks

WIDTH = 16
"""Points of a tile, and queries that ask together: the float32 numbers of the widest vector registers."""

GROUP = 16
"""Tiles of a group."""

MOST_TILES, FAILURES = 256, 4
"""Tiles at which queries may look before they are left to the tree; tiles left, besides half, before giving up."""

NOBODY = np.iinfo(np.int32).max
"""Index of the points that fill up the last tile."""

TASKS, FEWEST = 8, 32
"""Tasks for each thread into which queries are shared, and the fewest tiles of a task."""


class Tiles(NamedTuple):
    """B clouds of N points in T tiles and G groups; the last tile is filled up with the last point."""

    points: np.ndarray  # (B, T, 3, WIDTH), float32 or float64
    index: np.ndarray  # (B, T, WIDTH) int32, the place of each point in the cloud given; NOBODY where filled up
    boxes: np.ndarray  # (B, 6, T) smallest, then largest corner of each tile
    groups: np.ndarray  # (B, 6, G) of each group


def build_tiles(points: np.ndarray, threads: int | None = None) -> Tiles:
    """Tiles of (B, N, 3) C-contiguous finite points, N >= 1, float32 or float64; a thread a cloud."""
    batch, count, _ = points.shape
    tiles = -(-count // WIDTH)
    found = Tiles(
        np.empty((batch, tiles, 3, WIDTH), points.dtype),
        np.empty((batch, tiles, WIDTH), np.int32),
        np.empty((batch, 6, tiles), points.dtype),
        np.empty((batch, 6, -(-tiles // GROUP)), points.dtype),
    )
    run_tasks(_build, batch, found, points, threads=threads)
    return found


def orders(tiles: Tiles, count: int) -> np.ndarray:
    """Indices (B, N) int32 of the points along the curve."""
    return tiles.index.reshape(len(tiles.index), -1)[:, :count]


def query_tiles(
    tiles: Tiles,
    queries: Tiles,
    distances: np.ndarray,
    indices: np.ndarray,
    threads: int | None = None,
    shift: int = 0,
) -> None:
    """Nearest neighbours of (B, N) queries, written in place.

    Args:
        tiles: The points to find.
        queries: Tiles of the same batch size and dtype.
        distances: (B, N) of their dtype, receives squared distances.
        indices: (B, N) int64, receives places in the cloud of ``tiles`` where there is an answer; else left as it is.
        threads: Share the queries among so many; as many as torch if ``None``.
        shift: The queries of cloud b ask cloud b + shift, counted round.
    """
    batch, count = queries.index.shape[:2]
    size = max(FEWEST, -(-batch * count // (TASKS * (threads or torch.get_num_threads()))))
    tasks = batch * -(-count // size)
    run_tasks(_query, tasks, size, shift, tiles, queries, distances, indices, threads=threads)


@compiled
def _build(task, tiles, points) -> None:
    """Cut one cloud into tiles."""
    points, order = points[task], hilbert_order(points[task])
    sorted_points, index, boxes = tiles.points[task], tiles.index[task], tiles.boxes[task]
    count = len(points)
    for tile in range(len(index)):
        for lane in range(WIDTH):
            place = tile * WIDTH + lane
            i = order[min(place, count - 1)]
            index[tile, lane] = i if place < count else NOBODY
            for axis in range(3):
                sorted_points[tile, axis, lane] = points[i, axis]
        for axis in range(3):
            low = high = sorted_points[tile, axis, 0]
            for lane in range(1, WIDTH):
                low, high = min(low, sorted_points[tile, axis, lane]), max(high, sorted_points[tile, axis, lane])
            boxes[axis, tile], boxes[3 + axis, tile] = low, high
    groups = tiles.groups[task]
    for group in range(groups.shape[1]):
        first, last = group * GROUP, min((group + 1) * GROUP, len(index))
        for axis in range(3):
            low, high = boxes[axis, first], boxes[3 + axis, first]
            for tile in range(first + 1, last):
                low, high = min(low, boxes[axis, tile]), max(high, boxes[3 + axis, tile])
            groups[axis, group], groups[3 + axis, group] = low, high


@compiled(inline="always")
def _nearer(distance, name, other, other_name) -> tuple:
    """The nearer one of two neighbours, of equals the one of lower index; without a branch."""
    better = (distance < other) | ((distance == other) & (name < other_name))
    return (distance if better else other), (name if better else other_name)


@compiled(inline="always")
def _squared(points, tile, lane, x, y, z) -> float:
    """Squared distance, summed in the order of `numba_kdtree.squared_distance`."""
    dx, dy, dz = points[tile, 0, lane] - x, points[tile, 1, lane] - y, points[tile, 2, lane] - z
    return dx * dx + dy * dy + dz * dz


@compiled(inline="always")
def _nearer_of_two(points, index, tile, lane, x, y, z) -> tuple:
    """The nearer one of a tile's points ``lane`` and ``lane + 1``."""
    first = _squared(points, tile, lane, x, y, z)
    second = _squared(points, tile, lane + 1, x, y, z)
    return _nearer(first, index[tile, lane], second, index[tile, lane + 1])


@compiled(fastmath={"nnan", "nsz"})
def _largest(lanes) -> float:
    """The largest distance kept; none is NaN, and with that known the loop becomes vector instructions."""
    worst = lanes[3 * WIDTH]
    for lane in range(1, WIDTH):
        worst = max(worst, lanes[3 * WIDTH + lane])
    return worst


@compiled
def _compare(points, index, tile, lanes, names) -> float:
    """Compare the points of a tile with all queries; return the worst distance kept.

    ``lanes`` holds x, y, z and the distance kept of every query, one after the other: one array, as its parts are then
    known not to overlap, and the loop becomes vector instructions.
    """
    for point in range(0, WIDTH, 4):
        for lane in range(WIDTH):
            x, y, z = lanes[lane], lanes[WIDTH + lane], lanes[2 * WIDTH + lane]
            first, first_name = _nearer_of_two(points, index, tile, point, x, y, z)
            second, second_name = _nearer_of_two(points, index, tile, point + 2, x, y, z)
            first, first_name = _nearer(first, first_name, second, second_name)
            first, first_name = _nearer(first, first_name, lanes[3 * WIDTH + lane], names[lane])
            lanes[3 * WIDTH + lane], names[lane] = first, first_name
    return _largest(lanes)


@compiled
def _box_distances(boxes, first, last, queries, tile, distances) -> None:
    """Squared distances from the boxes ``first`` to ``last`` to the box of a tile of queries."""
    low_x, low_y, low_z = queries[0, tile], queries[1, tile], queries[2, tile]
    high_x, high_y, high_z = queries[3, tile], queries[4, tile], queries[5, tile]
    zero = low_x - low_x
    for box in range(first, last):
        dx = max(max(boxes[0, box] - high_x, low_x - boxes[3, box]), zero)
        dy = max(max(boxes[1, box] - high_y, low_y - boxes[4, box]), zero)
        dz = max(max(boxes[2, box] - high_z, low_z - boxes[5, box]), zero)
        distances[box - first] = dx * dx + dy * dy + dz * dz


@compiled
def _search(points, index, boxes, groups, queries, tile, seed, lanes, names, far, near) -> bool:
    """Find the neighbours of the queries in ``lanes``; False if it takes too many tiles.

    The boxes that meet that of the queries come first: they must be looked at anyway, and leave less for the others.
    """
    worst, looked = _compare(points, index, seed, lanes, names), 0
    _box_distances(groups, 0, groups.shape[1], queries, tile, far)
    for apart in range(2):
        for group in range(groups.shape[1]):
            if far[group] > (worst if apart else 0):
                continue
            first, last = group * GROUP, min((group + 1) * GROUP, len(index))
            _box_distances(boxes, first, last, queries, tile, near)
            for each in range(first, last):
                distance = near[each - first]
                if distance <= (worst if apart else 0) and (distance > 0 or not apart) and each != seed:
                    worst, looked = _compare(points, index, each, lanes, names), looked + 1
                    if looked > MOST_TILES:
                        return False
    return True


@compiled
def _query(task, size, shift, tiles, queries, distances, indices) -> None:
    """Answer ``size`` tiles of queries of one cloud, unless about half of them turn out to be beyond tiles."""
    count = queries.index.shape[1]
    tasks = (count + size - 1) // size
    b, start = task // tasks, task % tasks * size
    other = (b + shift) % len(queries.index)
    points, index, boxes, groups = tiles.points[other], tiles.index[other], tiles.boxes[other], tiles.groups[other]
    asked, asked_index, asked_boxes = queries.points[b], queries.index[b], queries.boxes[b]
    found_distances, found_indices = distances[b], indices[b]
    lanes, names = np.empty(4 * WIDTH, points.dtype), np.empty(WIDTH, np.int32)
    far, near = np.empty(groups.shape[1], points.dtype), np.empty(GROUP, points.dtype)
    seed, failed = start * len(index) // count, 0
    for done, tile in enumerate(range(start, min(start + size, count))):
        if failed > FAILURES + done // 2:
            return
        for lane in range(WIDTH):
            for axis in range(3):
                lanes[axis * WIDTH + lane] = asked[tile, axis, lane]
            lanes[3 * WIDTH + lane], names[lane] = np.inf, NOBODY
        if not _search(points, index, boxes, groups, asked_boxes, tile, seed, lanes, names, far, near):
            failed += 1
            continue
        for lane in range(WIDTH):
            i = asked_index[tile, lane]
            if i != NOBODY:
                found_distances[i], found_indices[i] = lanes[3 * WIDTH + lane], names[lane]

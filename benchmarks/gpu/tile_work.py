"""Comparisons of the Morton-tile search, counted on the CPU, and the least time that they take on a GPU.

    python -m benchmarks.gpu.tile_work [--points 100000] [--peak 3.35e13]

Walks the tiles as `diffshape.kernels.triton_tiles` does, step by step, and counts for every tile of queries the chunks
opened, the tiles considered, and the tiles compared; a test holds the last to the kernel's own count. The floor is
pairs compared x 8 instructions (three subtractions, three products, two sums) / the float32 instructions a second of a
device, by default an H100's; the same for all pairs stands beside it.
"""

import argparse

import numpy as np
from numba import njit

from benchmarks.speed.nearest_neighbors import PROBLEMS

TILE, CHUNK = 32, 128
INSTRUCTIONS = 8
BITS = 21


def pack(points) -> tuple[np.ndarray, ...]:
    """Points (T, TILE, 3) in Morton order, boxes (T, 2, 3) of the tiles and (C, 2, 3) of the chunks; T is padded."""
    low = points.min(axis=0)
    steps = ((points - low) / (points - low).max() * np.float32(2**BITS)).astype(np.int64).clip(max=2**BITS - 1)
    code = sum(((steps[:, axis] >> bit) & 1) << (3 * bit + axis) for axis in range(3) for bit in range(BITS))
    order = np.argsort(code, kind="stable")
    tiles = -(-len(points) // (TILE * CHUNK)) * CHUNK
    places = np.arange(tiles * TILE).reshape(tiles, TILE)
    tiled = points[order[np.minimum(places, len(points) - 1)]]
    index = np.where(places < len(points), order[np.minimum(places, len(points) - 1)], 2**31 - 1)
    boxes = np.stack([tiled.min(axis=1), tiled.max(axis=1)], axis=1)
    boxes[places[:, 0] >= len(points)] = [[np.inf], [-np.inf]]
    parts = boxes.reshape(-1, CHUNK, 2, 3)
    chunks = np.stack([parts[:, :, 0].min(axis=1), parts[:, :, 1].max(axis=1)], axis=1)
    lowest = index.min(axis=1)
    return tiled, index, boxes, lowest, chunks, lowest.reshape(-1, CHUNK).min(axis=1)


@njit
def _gap(low, high, other_low, other_high):
    total = low[0] - low[0]
    for axis in range(3):
        gap = max(max(other_low[axis] - high[axis], low[axis] - other_high[axis]), low[0] - low[0])
        total += gap * gap
    return total


@njit
def _nearest_box(gaps, lowest, pending, bound, bound_index):
    """The first of the nearest pending boxes that can hold a better neighbour; -1 if none can."""
    chosen = -1
    for i in range(len(gaps)):
        improves = gaps[i] < bound or (gaps[i] == bound and lowest[i] < bound_index)
        if pending[i] and improves and (chosen < 0 or gaps[i] < gaps[chosen]):
            chosen = i
    return chosen


@njit
def _bound(best, best_index):
    """The worst of the queries' best distances, and the largest index at it."""
    bound, bound_index = best.max(), -1
    for i in range(len(best)):
        if best[i] == bound:
            bound_index = max(bound_index, best_index[i])
    return bound, bound_index


@njit
def _compare(queries, tile, index, best, best_index):
    for i in range(len(queries)):
        for j in range(len(tile)):
            d0, d1, d2 = tile[j, 0] - queries[i, 0], tile[j, 1] - queries[i, 1], tile[j, 2] - queries[i, 2]
            squared = d0 * d0 + d1 * d1 + d2 * d2
            if squared < best[i] or (squared == best[i] and index[j] < best_index[i]):
                best[i], best_index[i] = squared, index[j]


@njit
def walk(queries, query_boxes, used, tiled, index, boxes, lowest, chunks, chunk_lowest):
    """Chunks opened, tiles considered and tiles compared (used, 3) for each tile of queries, and the indices found."""
    counts, found = np.zeros((used, 3), np.int64), np.empty(queries.shape[:2], np.int64)
    for q in range(used):
        low, high = query_boxes[q]
        best, best_index = np.full(TILE, np.inf, queries.dtype), np.full(TILE, 2**31 - 1)
        bound, bound_index = _bound(best, best_index)
        chunk_pending, pending = np.ones(len(chunks), np.bool_), np.empty(CHUNK, np.bool_)
        chunk_gaps, gaps = np.empty(len(chunks), queries.dtype), np.empty(CHUNK, queries.dtype)
        for c in range(len(chunks)):
            chunk_gaps[c] = _gap(low, high, chunks[c, 0], chunks[c, 1])
        while True:
            c = _nearest_box(chunk_gaps, chunk_lowest, chunk_pending, bound, bound_index)
            if c < 0:
                break
            chunk_pending[c] = False
            counts[q, 0] += 1
            first = c * CHUNK
            for t in range(CHUNK):
                gaps[t] = _gap(low, high, boxes[first + t, 0], boxes[first + t, 1])
            pending[:] = True
            while True:
                t = _nearest_box(gaps, lowest[first : first + CHUNK], pending, bound, bound_index)
                if t < 0:
                    break
                pending[t] = False
                counts[q, 1] += 1
                at, improves = first + t, False
                for i in range(TILE):
                    gap = _gap(queries[q, i], queries[q, i], boxes[at, 0], boxes[at, 1])
                    if gap < best[i] or (gap == best[i] and lowest[at] < best_index[i]):
                        improves = True
                if improves:
                    counts[q, 2] += 1
                    _compare(queries[q], tiled[at], index[at], best, best_index)
                    bound, bound_index = _bound(best, best_index)
        found[q] = best_index
    return counts, found


def count(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Counts of `walk` for queries x (N, 3) in points y (M, 3), and the (N,) indices it finds."""
    tiled, index, boxes, *_ = pack(x)
    used = -(-len(x) // TILE)
    counts, found = walk(tiled, boxes, used, *pack(y))
    result = np.empty(len(x), np.int64)
    real = index < len(x)
    result[index[real]] = found[real]
    return counts, result


def main() -> None:
    """Print one line a problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--peak", type=float, default=3.35e13, help="float32 instructions a second")
    options = parser.parse_args()
    columns = ("chunks", "tiles", "compared", "most", "pairs", "floor, ms", "all, ms")
    print(f"{'problem':16}" + "".join(f"{column:>11}" for column in columns))
    for problem, (queries, points) in PROBLEMS.items():
        generator = np.random.default_rng(0)
        counts, _ = count(queries(options.points, generator), points(options.points, generator))
        pairs = counts[:, 2].sum() * TILE**2
        floor, brute = (1e3 * each * INSTRUCTIONS / options.peak for each in (pairs, options.points**2))
        print(
            f"{problem:16}"
            + "".join(f"{mean:11.1f}" for mean in counts.mean(axis=0))
            + f"{counts[:, 2].max():11}{pairs:11.2e}{floor:11.3f}{brute:11.3f}"
        )


if __name__ == "__main__":
    main()

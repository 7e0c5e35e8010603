"""Exact k nearest neighbours in three dimensions on CUDA: points in tiles along a Morton curve, far tiles skipped.

A cloud is sorted along a Morton curve, cut into tiles of TILE points and chunks of CHUNK tiles, and each tile and chunk
has its bounding box. A tile of queries (one warp, a query a thread) always takes the chunk whose box is nearest to its
own, in it the nearest tile, and leaves a box farther away than its worst neighbour so far; a tile is compared only if
some query could improve by it. No pointers, stacks or atomics: the same bits on every run. Of 100,000 points on a torus
a query is compared with 507 if it lies on the same torus, with 5,710 from a tight blob within it, as counted by
benchmarks/gpu/tile_work.py; at 14 instructions a pair that is 0.02 and 0.24 ms of arithmetic on an H100, a direction.

Nothing is lost to rounding: rounding is monotone, so the rounded distance between boxes never exceeds the rounded
distance between points inside, summed in the same order and never fused. A box at exactly the worst distance is
visited if it holds a lower index than the one kept, so that ties fall to the lowest index.

Source: Morton, IBM report, 1966; boxes as in bounding volume hierarchies, here of two levels.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from diffshape.kernels.triton_neighbors import LAST, squared_distances

TILE = 32
"""Points in a tile and queries in a program: one a thread of one warp."""

CHUNK = 128
"""Tiles in a chunk: four boxes a thread."""

MOST_NEIGHBORS = 32
"""Neighbours a thread can keep in its registers."""

STEPS = tl.constexpr(2**21)
"""Steps along an axis of the Morton curve."""

FAR = tl.constexpr(3e38)
"""A finite float32 that ranks an overflowed distance before a box that is not wanted."""


class TiledCloud(NamedTuple):
    """B clouds of at most M points in T tiles, in C chunks. A tile without points has an empty box, inf to -inf."""

    points: Tensor  # (B, T, 3, TILE) sorted; the last point repeated to the end of its tile
    index: Tensor  # (B, T, TILE) int32, place in the cloud given; 2^31 - 1 for repeated points
    boxes: Tensor  # (B, 6, T) smallest then largest corner
    lowest: Tensor  # (B, T) int32, lowest index in the tile
    chunk_boxes: Tensor  # (B, 6, C)
    chunk_lowest: Tensor  # (B, C) int32
    count: int  # M


def build_tiles(points: Tensor, mask: Tensor | None = None) -> TiledCloud:
    """Tiles of (B, M, 3) contiguous points, float32 or float64, 1 <= M < 2^31 - TILE * CHUNK.

    ``mask`` (B, M) is True where a point is real; other points may hold anything and are never found.
    """
    batch, count, _ = points.shape
    codes = morton_codes(points, mask)
    order = codes.sort(dim=1, stable=True).indices  # real points first, their indices ascending at equal codes
    if mask is None:
        counts = torch.full((batch,), count, dtype=torch.int32, device=points.device)
    else:
        counts = mask.sum(1, dtype=torch.int32)
    tiles, chunks = triton.cdiv(count, TILE), triton.cdiv(count, TILE * CHUNK)

    def floats(*shape: int) -> Tensor:
        return torch.empty(batch, *shape, dtype=points.dtype, device=points.device)

    def integers(*shape: int) -> Tensor:
        return torch.empty(batch, *shape, dtype=torch.int32, device=points.device)

    cloud = TiledCloud(
        floats(tiles, 3, TILE), integers(tiles, TILE), floats(6, tiles), integers(tiles),
        floats(6, chunks), integers(chunks), count,
    )  # fmt: skip
    _pack_kernel[(batch * chunks,)](points, order, counts, *cloud, tiles, chunks, TILE=TILE, CHUNK=CHUNK, num_warps=8)
    return cloud


def morton_codes(points: Tensor, mask: Tensor | None = None) -> Tensor:
    """Places (B, M) int64 along a Morton curve through the cube around each (B, M, 3) cloud; 2^63 - 1 if masked."""
    batch, count, _ = points.shape
    low, high = (points if mask is None else points.where(mask[..., None], far) for far in (torch.inf, -torch.inf))
    low, high = low.amin(1), high.amax(1)
    codes = torch.empty(batch, count, dtype=torch.int64, device=points.device)
    block = 1024
    blocks = triton.cdiv(count, block)
    _codes_kernel[(batch * blocks,)](points, low, (high - low).amax(1), codes, count, blocks, BLOCK=block)
    return codes if mask is None else codes.masked_fill_(~mask, torch.iinfo(torch.int64).max)


def nearest_in_tiles(queries: TiledCloud, points: TiledCloud, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """The k points nearest to each of N queries, in no order, 1 <= k <= MOST_NEIGHBORS.

    Returns:
        Squared distances (B, N, k), int64 indices (B, N, k), and the number of tiles compared for each tile of queries.
        A neighbour there is not, for want of points, is (inf, 0); masked queries get (0, 0).
    """
    batch, tiles = queries.lowest.shape
    chunks = points.chunk_lowest.shape[1]
    device, shape = queries.points.device, (batch, queries.count, k)
    distances = torch.zeros(shape, dtype=queries.points.dtype, device=device)
    indices = torch.zeros(shape, dtype=torch.int64, device=device)
    compared = torch.zeros(batch, tiles, dtype=torch.int32, device=device)
    _search_kernel[(batch * tiles,)](
        *(*queries[:3], queries.count, tiles),
        *(*points[:6], points.count, points.lowest.shape[1], chunks),
        *(distances, indices, compared),
        K=k,
        SLOTS=triton.next_power_of_2(k),
        TILE=TILE,
        CHUNK=CHUNK,
        CHUNKS=triton.next_power_of_2(chunks),
        num_warps=1,
        enable_fp_fusion=False,
    )
    return distances, indices, compared


@triton.jit
def _spread(step):
    """Move bit i of a 21-bit number to bit 3 i."""
    step = (step | (step << 32)) & 0x1F00000000FFFF
    step = (step | (step << 16)) & 0x1F0000FF0000FF
    step = (step | (step << 8)) & 0x100F00F00F00F00F
    step = (step | (step << 4)) & 0x10C30C30C30C30C3
    return (step | (step << 2)) & 0x1249249249249249


@triton.jit
def _codes_kernel(points, low, extents, codes, count, blocks, BLOCK: tl.constexpr):
    cloud = (tl.program_id(0) // blocks).to(tl.int64)
    place = (tl.program_id(0) % blocks) * BLOCK + tl.arange(0, BLOCK)
    real = place < count
    extent = tl.load(extents + cloud)
    code = tl.zeros((BLOCK,), tl.int64)
    for axis in tl.static_range(3):
        coordinate = tl.load(points + (cloud * count + place) * 3 + axis, mask=real, other=0.0)
        offset = coordinate - tl.load(low + cloud * 3 + axis)
        share = tl.where(offset < extent, offset / tl.where(extent > 0, extent, 1.0), 1.0)  # also of NaN and infinity
        step = tl.minimum(share * STEPS, STEPS - 2)  # the last one is left to masked points
        code |= _spread(tl.where(share > 0, step, 0.0).to(tl.int64)) << axis
    tl.store(codes + cloud * count + place, code, mask=real)


@triton.jit
def _pack_kernel(
    points, order, counts, packed, index, boxes, lowest, chunk_boxes, chunk_lowest, count, tiles, chunks,
    TILE: tl.constexpr, CHUNK: tl.constexpr,
):  # fmt: skip
    cloud = (tl.program_id(0) // chunks).to(tl.int64)
    chunk = tl.program_id(0) % chunks
    tile = chunk * CHUNK + tl.arange(0, CHUNK)
    lane = tl.arange(0, TILE)
    place = tile[:, None] * TILE + lane[None, :]
    end = tl.load(counts + cloud)
    real = place < end
    source = tl.load(order + cloud * count + tl.minimum(place, tl.maximum(end - 1, 0)))
    target = cloud * tiles + tile
    stored = tile < tiles

    number = tl.where(real, source, LAST).to(tl.int32)
    smallest = tl.min(number, 1)
    tl.store(index + target[:, None] * TILE + lane[None, :], number, mask=stored[:, None])
    tl.store(lowest + target, smallest, mask=stored)
    tl.store(chunk_lowest + cloud * chunks + chunk, tl.min(smallest, 0))
    for axis in tl.static_range(3):
        coordinate = tl.load(points + (cloud * count + source) * 3 + axis)
        tl.store(packed + (target[:, None] * 3 + axis) * TILE + lane[None, :], coordinate, mask=stored[:, None])
        low = tl.min(tl.where(real, coordinate, float("inf")), 1)
        high = tl.max(tl.where(real, coordinate, float("-inf")), 1)
        tl.store(boxes + (cloud * 6 + axis) * tiles + tile, low, mask=stored)
        tl.store(boxes + (cloud * 6 + 3 + axis) * tiles + tile, high, mask=stored)
        tl.store(chunk_boxes + (cloud * 6 + axis) * chunks + chunk, tl.min(low, 0))
        tl.store(chunk_boxes + (cloud * 6 + 3 + axis) * chunks + chunk, tl.max(high, 0))


@triton.jit
def _outside(low, high, x_low, x_high):
    """How far two intervals are apart; infinite if the first is empty, from inf to -inf."""
    return tl.maximum(tl.maximum(low - x_high, x_low - high), 0.0)


@triton.jit
def _gaps(boxes, stride, place, low0, low1, low2, high0, high1, high2):
    """Squared distances between boxes, rounded as `squared_distances` rounds."""
    corner = boxes + place
    gap0 = _outside(tl.load(corner), tl.load(corner + 3 * stride), low0, high0)
    gap1 = _outside(tl.load(corner + stride), tl.load(corner + 4 * stride), low1, high1)
    gap2 = _outside(tl.load(corner + 2 * stride), tl.load(corner + 5 * stride), low2, high2)
    return gap0 * gap0 + gap1 * gap1 + gap2 * gap2


@triton.jit
def _improves(distance, index, worst, worst_index):
    """Whether a neighbour at this distance, of this index or more, is better than the worst one kept."""
    return (distance < worst) | ((distance == worst) & (index < worst_index))


@triton.jit
def _last(kept, kept_index):
    """The largest distance along the first axis, and the largest index at it."""
    worst = tl.max(kept, 0)
    return worst, tl.max(tl.where(kept == worst, kept_index, -1), 0)


@triton.jit
def _first(squared, index):
    """The smallest distance along the first axis, and the smallest index at it."""
    closest = tl.min(squared, 0)
    return closest, tl.min(tl.where(squared == closest, index, LAST), 0)


@triton.jit
def _next(gaps, lowest, pending, worst, worst_index):
    """Distance rank and place of the nearest box that can improve the worst neighbour; an infinite rank if none can."""
    wanted = pending & _improves(gaps, lowest, worst, worst_index)
    return tl.min(tl.where(wanted, tl.minimum(gaps, FAR), float("inf")), 0, return_indices=True)


@triton.jit
def _keep(kept, kept_index, distance, index):
    """Put one neighbour a query in the place of its worst one where that is better."""
    worst, worst_index = _last(kept, kept_index)
    better = _improves(distance, index, worst, worst_index)
    replaced = better[None, :] & (kept == worst[None, :]) & (kept_index == worst_index[None, :])
    return tl.where(replaced, distance[None, :], kept), tl.where(replaced, index[None, :], kept_index), better


@triton.jit
def _compare(points, indices, x0, x1, x2, kept, kept_index, SLOTS: tl.constexpr, TILE: tl.constexpr):
    """Improve the neighbours kept by the points of a tile: by its nearest, and for k > 1 by the next while some are."""
    lane = tl.arange(0, TILE)
    y0, y1, y2 = tl.load(points + lane), tl.load(points + TILE + lane), tl.load(points + 2 * TILE + lane)
    index = tl.load(indices + lane)[:, None]
    squared = squared_distances(x0[None, :], x1[None, :], x2[None, :], y0[:, None], y1[:, None], y2[:, None])
    if SLOTS == 1:
        closest, closest_index = _first(squared, index)
        kept, kept_index, better = _keep(kept, kept_index, closest, closest_index)
    else:
        squared = tl.where(index == LAST, float("inf"), squared)
        index = tl.broadcast_to(index, squared.shape)
        closest, closest_index = _first(squared, index)
        kept, kept_index, better = _keep(kept, kept_index, closest, closest_index)
        while tl.max(better.to(tl.int32), 0) > 0:
            taken = index == closest_index[None, :]
            squared = tl.where(taken, float("inf"), squared)
            index = tl.where(taken, LAST, index)
            closest, closest_index = _first(squared, index)
            kept, kept_index, better = _keep(kept, kept_index, closest, closest_index)
    return kept, kept_index


@triton.jit
def _search_kernel(
    x_points, x_index, x_boxes, x_count, x_tiles,
    y_points, y_index, y_boxes, y_lowest, y_chunk_boxes, y_chunk_lowest, y_count, y_tiles, y_chunks,
    distances, indices, compared,
    K: tl.constexpr, SLOTS: tl.constexpr, TILE: tl.constexpr, CHUNK: tl.constexpr, CHUNKS: tl.constexpr,
):  # fmt: skip
    cloud = (tl.program_id(0) // x_tiles).to(tl.int64)
    own = tl.program_id(0) % x_tiles
    query = tl.arange(0, TILE)
    own_points = x_points + (cloud * x_tiles + own) * 3 * TILE + query
    x0, x1, x2 = tl.load(own_points), tl.load(own_points + TILE), tl.load(own_points + 2 * TILE)
    place = tl.load(x_index + (cloud * x_tiles + own) * TILE + query)
    corner = x_boxes + cloud * 6 * x_tiles + own
    low0, low1, low2 = tl.load(corner), tl.load(corner + x_tiles), tl.load(corner + 2 * x_tiles)
    corner += 3 * x_tiles
    high0, high1, high2 = tl.load(corner), tl.load(corner + x_tiles), tl.load(corner + 2 * x_tiles)

    slot = tl.arange(0, SLOTS)[:, None]
    kept = tl.where(slot < K, tl.full((SLOTS, TILE), float("inf"), x0.dtype), float("-inf"))
    kept_index = tl.zeros((SLOTS, TILE), tl.int32) - slot + LAST  # different in every slot, so that one is replaced
    worst, worst_index = _last(kept, kept_index)
    bound, bound_index = _last(worst, worst_index)
    visits = 0

    y_points += cloud * y_tiles * 3 * TILE
    y_index += cloud * y_tiles * TILE
    y_boxes += cloud * 6 * y_tiles
    chunk = tl.arange(0, CHUNKS)
    chunk_place = tl.minimum(chunk, y_chunks - 1)
    chunk_gaps = _gaps(
        y_chunk_boxes + cloud * 6 * y_chunks, y_chunks, chunk_place, low0, low1, low2, high0, high1, high2
    )
    chunk_lowest = tl.load(y_chunk_lowest + cloud * y_chunks + chunk_place)
    chunk_pending = chunk < y_chunks
    near_chunk, at_chunk = _next(chunk_gaps, chunk_lowest, chunk_pending, bound, bound_index)
    while near_chunk < float("inf"):
        chunk_pending = chunk_pending & (chunk != at_chunk)
        tile = at_chunk * CHUNK + tl.arange(0, CHUNK)
        pending = tile < y_tiles
        tile = tl.minimum(tile, y_tiles - 1)
        gaps = _gaps(y_boxes, y_tiles, tile, low0, low1, low2, high0, high1, high2)
        lowest = tl.load(y_lowest + cloud * y_tiles + tile)
        near, at = _next(gaps, lowest, pending, bound, bound_index)
        while near < float("inf"):
            at += at_chunk * CHUNK
            pending = pending & (tile != at)
            gap = _gaps(y_boxes, y_tiles, at, x0, x1, x2, x0, x1, x2)
            improves = _improves(gap, tl.load(y_lowest + cloud * y_tiles + at), worst, worst_index)
            if tl.max(improves.to(tl.int32), 0) > 0:
                start = at.to(tl.int64) * TILE
                kept, kept_index = _compare(
                    y_points + start * 3, y_index + start, x0, x1, x2, kept, kept_index, SLOTS, TILE
                )
                worst, worst_index = _last(kept, kept_index)
                bound, bound_index = _last(worst, worst_index)
                visits += 1
            near, at = _next(gaps, lowest, pending, bound, bound_index)
        near_chunk, at_chunk = _next(chunk_gaps, chunk_lowest, chunk_pending, bound, bound_index)

    real = place != LAST
    answer = (cloud * x_count + place.to(tl.int64)[None, :]) * K + slot
    wanted = real[None, :] & (slot < K)
    tl.store(distances + answer, kept, mask=wanted)
    tl.store(indices + answer, tl.where(kept_index < y_count, kept_index, 0).to(tl.int64), mask=wanted)
    tl.store(compared + cloud * x_tiles + own, visits)

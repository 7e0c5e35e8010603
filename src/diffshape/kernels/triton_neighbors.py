"""Exact nearest neighbour in three dimensions on CUDA by comparing all pairs: one launch, no table, no atomics.

A program holds BLOCK queries in registers and walks along the points TILE at a time. Every (query, lane) keeps the best
distance it has seen and the tile that held it, and lanes meet only once, at the end. A pair costs three subtractions,
three products, two sums, one comparison and two selections; with its loads, 11.9 instructions in the machine code for
an H100. Distances are explicit differences, summed in the order of the reference and never fused
(``enable_fp_fusion=False``), so that equal distances are equal bit for bit; the first tile and the lowest lane win,
which is the lowest index.

Points that do not count have coordinates +inf, which no query is near; ``ends`` cuts off a tail of them at no cost.
Imported only where Triton is installed; under ``TRITON_INTERPRET=1`` it runs on the CPU, to be tested.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK = 16
"""Queries a program answers: their coordinates and results fill about half of a thread's registers."""

TILE = 128
"""Points compared at a time, one a thread of the four warps."""

LAST = tl.constexpr(2**31 - 1)
"""Larger than any index."""


def nearest_of_all_pairs(x: Tensor, y: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distance (B, N) and int64 index (B, N) of the point nearest to each query.

    Args:
        x: Queries (B, N, 3), contiguous, float32 or float64, N >= 1.
        y: Points (B, M, 3), contiguous, 1 <= M < 2^31 - TILE, of the same dtype; +inf where none is meant.
        ends: (B,) int32, the places from which on a cloud of ``y`` has no more points.

    A query without a point within reach, all distances infinite, is given index 0.
    """
    batch, count, _ = x.shape
    blocks = triton.cdiv(count, BLOCK)
    distances = torch.empty(batch, count, dtype=x.dtype, device=x.device)
    indices = torch.empty(batch, count, dtype=torch.int64, device=x.device)
    _nearest_kernel[(batch * blocks,)](
        *(x, y, ends, distances, indices, count, y.shape[1], blocks),
        BLOCK=BLOCK,
        TILE=TILE,
        num_warps=4,
        enable_fp_fusion=False,
    )
    return distances, indices


@triton.jit
def squared_distances(x0, x1, x2, y0, y1, y2):
    """Squared distances from explicit differences, summed as the reference sums."""
    d0, d1, d2 = y0 - x0, y1 - x1, y2 - x2
    return d0 * d0 + d1 * d1 + d2 * d2


@triton.jit
def _nearest_kernel(x, y, ends, distances, indices, x_count, y_count, blocks, BLOCK: tl.constexpr, TILE: tl.constexpr):
    cloud = (tl.program_id(0) // blocks).to(tl.int64)
    query = (tl.program_id(0) % blocks) * BLOCK + tl.arange(0, BLOCK)
    asked = query < x_count
    row = x + (cloud * x_count + query) * 3
    x0 = tl.load(row, mask=asked, other=0.0)
    x1 = tl.load(row + 1, mask=asked, other=0.0)
    x2 = tl.load(row + 2, mask=asked, other=0.0)

    lane = tl.arange(0, TILE)
    point = y + cloud * y_count * 3 + lane * 3
    end = tl.load(ends + cloud)
    best = tl.full((BLOCK, TILE), float("inf"), x0.dtype)
    found_at = tl.zeros((BLOCK, TILE), tl.int32)
    for start in range(0, end, TILE):
        real = start + lane < end
        y0 = tl.load(point, mask=real, other=float("inf"))
        y1 = tl.load(point + 1, mask=real, other=float("inf"))
        y2 = tl.load(point + 2, mask=real, other=float("inf"))
        squared = squared_distances(x0[:, None], x1[:, None], x2[:, None], y0[None, :], y1[None, :], y2[None, :])
        closer = squared < best
        best = tl.where(closer, squared, best)
        found_at = tl.where(closer, start, found_at)
        point += TILE * 3

    nearest = tl.min(best, 1)
    index = tl.min(tl.where(best == nearest[:, None], found_at + lane[None, :], LAST), 1)
    tl.store(distances + cloud * x_count + query, nearest, mask=asked)
    tl.store(indices + cloud * x_count + query, index.to(tl.int64), mask=asked)

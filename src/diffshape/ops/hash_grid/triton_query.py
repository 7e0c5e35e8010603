"""`query_hash_grid` on CUDA: one Triton launch. Imported only where Triton is installed."""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels import triton_hash_grid
from diffshape.kernels.triton_tiles import morton_codes
from diffshape.ops.hash_grid.packed import PackedHashGrid
from diffshape.ops.hash_grid.triton_encode import levels_on


def query(points: Float[Tensor, "n 3"], packed: PackedHashGrid, morton: bool) -> Float[Tensor, "n"]:
    """Values at contiguous float32 points; with ``morton`` taken along a Morton curve, and put back."""
    grid, tables = packed.grid, packed.tables
    with torch.cuda.device_of(points):
        return triton_hash_grid.query(
            points,
            morton_order(points) if morton and len(points) else None,
            tables.view(torch.int16 if grid.features == 1 else torch.int32),
            *levels_on(points.device, grid.plan),
            *packed[2:8],
            box=packed.box,
            beta=packed.beta,
            smooth=grid.smooth,
        )


def morton_order(points: Float[Tensor, "n 3"]) -> Tensor:
    """Indices (N,) along a Morton curve of 2^10 steps an axis: half the bits, so half the passes of the sort."""
    return (morton_codes(points[None])[0] >> 33).int().argsort()

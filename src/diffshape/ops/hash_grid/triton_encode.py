"""The hash encoding on CUDA: Triton kernels that give `encode_by_definition` and its transpose, in float32.

A point's cell, weights and rows are the definition's bit for bit; sums of eight are contracted, and the sums of the
gradient of the tables have no fixed order. A level with factor 0 is not read. Triton comes with PyTorch for CUDA; this
module is imported only where it is installed.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.kernels import triton_hash_encode
from diffshape.ops.hash_grid.definition import PRIMES


def encode(
    points: Float[Tensor, "n 3"],
    tables: Float[Tensor, "entries f"],
    fade: Float[Tensor, "l"],
    plan: Sequence[float],
    smooth: bool,
    jacobian: bool,
) -> tuple[Float[Tensor, "c n"], Float[Tensor, "d c n"]]:
    """As ``encode_by_definition``."""
    with torch.cuda.device_of(points):
        scales, steps = levels_on(points.device, tuple(plan))
        points, tables, fade = points.contiguous(), tables.contiguous(), fade.contiguous()
        return triton_hash_encode.encode(points, tables, fade, scales, steps, smooth, jacobian)


def encode_backward(
    points: Float[Tensor, "n 3"],
    features_bar: Float[Tensor, "c n"],
    derivatives_bar: Float[Tensor, "d c n"],
    fade: Float[Tensor, "l"],
    plan: Sequence[float],
    smooth: bool,
    entries: int,
) -> Float[Tensor, "entries f"]:
    """As ``transpose_by_definition``."""
    with torch.cuda.device_of(points):
        scales, steps = levels_on(points.device, tuple(plan))
        points, fade = points.contiguous(), fade.contiguous()
        bars = features_bar.contiguous(), derivatives_bar.contiguous()
        return triton_hash_encode.encode_backward(points, *bars, fade, scales, steps, smooth, entries)


@lru_cache(maxsize=64)
def levels_on(device: torch.device, plan: tuple[float, ...]) -> tuple[Float[Tensor, "l"], Int[Tensor, "l 5"]]:
    """Scales of the levels, and what the kernels call their plan; kept, since a copy to the device is waited for."""
    rows = []
    for side, offset, size in zip(*(map(int, plan[start::4]) for start in (1, 2, 3))):
        dense = side**3 <= size
        steps = (side, side**2) if dense else (prime - (prime >> 31 << 32) for prime in PRIMES[1:])  # mod 2^32
        rows.append([dense, *steps, offset, size])
    scales = torch.tensor(plan[::4], dtype=torch.float32, device=device)
    return scales, torch.tensor(rows, dtype=torch.int32, device=device)

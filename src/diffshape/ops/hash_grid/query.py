"""Values of a neural field on a multi-resolution grid, for inference: fp16 storage, float32 sums, no gradient.

    q = clamp(p, low, high),    phi = half(hash_encode((q - low) / (high - low)))    with fp16 tables,
    a_1 = b_1 + V q + W_1 phi,  a_l = b_l + W_l half(s(a_{l-1})),    f(p) = b + w . s(a_H) + |p - q|,

s the softplus log(1 + e^(beta a)) / beta, or max(a, 0) at beta = infinity; a network that does not read the point has
no V. Tables and the matrices W_l are rounded to fp16 once, features and hidden units where half() stands; all else, and
every sum, is float32. On CUDA with Triton it is one launch; elsewhere `query_by_definition` says it in PyTorch.
Source of the fusion: Mueller et al., Instant NGP, SIGGRAPH 2022; Mueller, tiny-cuda-nn, 2021.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.engines import has_triton
from diffshape.ops.hash_grid.definition import encode_by_definition
from diffshape.ops.hash_grid.packed import PackedHashGrid


@checked
def query_hash_grid(
    points: Float[Tensor, "n 3"], packed: PackedHashGrid, *, morton: bool = False
) -> Float[Tensor, "n"]:
    """Values at points in the field's coordinates, for inference: f(q) + |p - q|, q the point of the box nearest to p.

    f is the packed network of the encoding of q: tables, matrices, features and hidden units are rounded to half
    precision, all else, and every sum, is float32. No gradient follows it.

    Args:
        points: Shape (N, 3), float32, on the device of the weights.
        packed: The field; made anew when its weights change.
        morton: Take the points along a Morton curve, so that neighbours are gathered together; only the kernel does,
            and only the time changes. It pays where the launch saves more than a sort of the points costs.

    Raises:
        ValueError: ``points`` have another shape, dtype or device.

    >>> from diffshape.ops import GridLayout, pack_hash_grid
    >>> grid = GridLayout(levels=2, base=4, finest=8, features=2, interpolation="linear")
    >>> layers = [torch.zeros(16, 7), torch.zeros(1, 16)], [torch.zeros(16), torch.ones(1)]
    >>> tables, fade = torch.zeros(grid.entries, 2), torch.ones(2)
    >>> packed = pack_hash_grid(grid, tables, fade, *layers, box=(-1, 1), beta=math.inf)
    >>> query_hash_grid(torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]), packed)
    tensor([1., 3.])
    """
    if points.ndim != 2 or points.shape[1] != 3 or points.dtype != torch.float32:
        raise ValueError(
            f"query_hash_grid: points must be float32, shape (N, 3), got {points.dtype}, {tuple(points.shape)}"
        )
    if points.device != packed.tables.device:
        raise ValueError(f"query_hash_grid: points are on {points.device}, the weights on {packed.tables.device}")
    if not has_triton(points):
        return query_by_definition(points, packed)
    from diffshape.ops.hash_grid.triton_query import query  # loads Triton, which not every PyTorch has

    return query(points.detach().contiguous(), packed, morton)


@torch.no_grad()
def query_by_definition(points: Float[Tensor, "n 3"], packed: PackedHashGrid) -> Float[Tensor, "n"]:
    """The formula in PyTorch, on any device."""
    low, high = packed.box
    nearest = points.clamp(low, high)
    unit, fade = (nearest - low) * (1 / (high - low)), points.new_ones(packed.grid.levels)
    grid = packed.grid
    features, _ = encode_by_definition(unit, packed.tables.float(), fade, grid.plan, grid.smooth, False)
    by_level = _rounded(features).reshape(grid.levels, grid.features, -1)
    a = packed.biases[0] + torch.einsum("lfn,flw->nw", by_level, packed.by_feature[:, : grid.levels].float())
    if packed.by_point is not None:
        a = a + nearest @ packed.by_point
    for weight, bias in zip(packed.hidden, packed.biases[1:]):
        a = bias + _rounded(_activate(a, packed.beta)) @ weight.float()
    return (
        _activate(a, packed.beta) @ packed.last + packed.last_bias + torch.linalg.vector_norm(points - nearest, dim=-1)
    )


def _activate(a: Tensor, beta: float) -> Tensor:
    return a.relu() if beta == math.inf else a.relu() + torch.exp(-beta * a.abs()).log1p() / beta


def _rounded(x: Tensor) -> Tensor:
    return x.half().float()

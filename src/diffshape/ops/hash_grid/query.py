"""Values of a neural field on a multi-resolution grid, for inference: fp16 storage, float32 sums, no gradient.

    q = clamp(p, low, high),    phi = half(hash_encode((q - low) / (high - low)))    with fp16 tables,
    a_1 = b_1 + V q + W_1 phi,  a_l = b_l + W_l half(s(a_{l-1})),    f(p) = b + w . s(a_H) + |p - q|,

s the softplus log(1 + e^(beta a)) / beta, or max(a, 0) at beta = infinity; a network that does not read the point has
no V. Tables and the matrices W_l are rounded to fp16 once, features and hidden units where half() stands; all else, and
every sum, is float32. On CUDA with Triton it is one launch; elsewhere `query_by_definition` says it in PyTorch.
Source of the fusion: Mueller et al., Instant NGP, SIGGRAPH 2022; Mueller, tiny-cuda-nn, 2021.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.hash_grid.definition import encode_by_definition
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.neighbors.index import has_triton

LEAST, MOST_WIDTH = 16, 128
"""Smallest side of a matrix that tensor cores take, and the widest layer that stays in registers."""


class PackedHashGrid(NamedTuple):
    """A field's weights as inference wants them. Sides K >= L and W >= width are powers of 2 from 16, padded by 0."""

    grid: GridLayout
    tables: Float[Tensor, "entries f"]
    """fp16, times the fade of their level."""
    by_point: Float[Tensor, "3 w"] | None
    """First layer's weights of the coordinates, float32."""
    by_feature: Float[Tensor, "f k w"]
    """First layer's weights of the features, fp16."""
    hidden: Float[Tensor, "h w w"]
    """Further layers, fp16, inputs first."""
    biases: Float[Tensor, "layers w"]
    last: Float[Tensor, "w"]
    last_bias: Float[Tensor, "1"]
    box: tuple[float, float]
    beta: float

    __repr__ = one_line


def can_pack(grid: GridLayout, weights: Sequence[Tensor]) -> bool:
    """Whether the kernel takes a field of this size: F = 1, 2, 4 or 8, 1 to 3 hidden layers of at most 128 units."""
    hidden = weights[:-1]
    inputs, width = [weight.shape[1] for weight in hidden], hidden[0].shape[0] if hidden else 0
    return (
        grid.features in (1, 2, 4, 8)
        and grid.entries * grid.features < 2**31
        and 1 <= len(hidden) <= 3
        and width <= MOST_WIDTH
        and inputs[0] in (grid.channels, 3 + grid.channels)
        and all(weight.shape == (width, width) for weight in hidden[1:])
        and weights[-1].shape == (1, width)
    )


@checked
def pack_hash_grid(
    grid: GridLayout,
    tables: Float[Tensor, "entries f"],
    fade: Float[Tensor, "l"],
    weights: Sequence[Float[Tensor, "outputs inputs"]],
    biases: Sequence[Float[Tensor, "outputs"]],
    *,
    box: tuple[float, float],
    beta: float,
) -> PackedHashGrid:
    """Pack a grid's tables and a network's layers, the last one included, for `query_hash_grid`.

    The first layer reads the L * F features, level by level, or the three coordinates before them.

    Raises:
        ValueError: The kernel does not take this size; see `can_pack`.
    """
    if not can_pack(grid, weights):
        raise ValueError(
            "pack_hash_grid: wants 1, 2, 4 or 8 features and 1 to 3 hidden layers of one width up to 128 on the "
            f"features alone or on the point and them, got {grid.features} features and weights of shapes "
            f"{[tuple(weight.shape) for weight in weights]}"
        )
    if tables.shape != (grid.entries, grid.features) or fade.shape != (grid.levels,):
        raise ValueError(
            f"pack_hash_grid: tables must have shape ({grid.entries}, {grid.features}) and fade ({grid.levels},), "
            f"got {tuple(tables.shape)} and {tuple(fade.shape)}"
        )
    weights, biases = ([each.detach().float() for each in layers] for layers in (weights, biases))
    rows = torch.tensor(grid.sizes, device=fade.device)
    factors = fade.repeat_interleave(rows, output_size=grid.entries)[:, None]
    tables = torch.where(factors == 0, 0, tables.detach() * factors)
    width = _side(weights[0].shape[0])
    by_input = _padded(weights[0].t(), width)
    by_point, by_channel = by_input.tensor_split([by_input.shape[0] - grid.channels])
    by_feature = by_channel.reshape(grid.levels, grid.features, width).transpose(0, 1)
    missing_levels = _side(grid.levels) - grid.levels
    hidden = [_padded(_padded(weight, width).t(), width) for weight in weights[1:-1]]
    return PackedHashGrid(
        grid,
        tables.half().contiguous(),
        by_point.contiguous() if len(by_point) else None,
        torch.nn.functional.pad(by_feature, (0, 0, 0, missing_levels)).half().contiguous(),
        torch.stack(hidden).half() if hidden else tables.new_empty(0, width, width, dtype=torch.float16),
        torch.stack([_padded(bias, width) for bias in biases[:-1]]),
        _padded(weights[-1][0], width),
        biases[-1],
        (float(box[0]), float(box[1])),
        float(beta),
    )


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


def _padded(x: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(x, (0, width - x.shape[-1]))


def _side(size: int) -> int:
    return max(LEAST, 1 << (size - 1).bit_length())

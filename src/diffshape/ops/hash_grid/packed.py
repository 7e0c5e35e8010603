"""The weights of a field on a multi-resolution grid, packed for inference: fp16, padded to what tensor cores take."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.hash_grid.layout import GridLayout

LEAST, MOST_WIDTH = 16, 128
"""Smallest side of a matrix that tensor cores take, and the widest layer that stays in registers."""


class PackedHashGrid(NamedTuple):
    """Weights of a field for inference. Sides K >= L and W >= width are powers of 2 from 16, padded by 0."""

    grid: GridLayout
    tables: Float[Tensor, "entries f"]
    """Entries of all levels times the fade of their level, fp16."""
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


def _padded(x: Tensor, width: int) -> Tensor:
    return torch.nn.functional.pad(x, (0, width - x.shape[-1]))


def _side(size: int) -> int:
    return max(LEAST, 1 << (size - 1).bit_length())

"""The definition of ``hash_encode`` in PyTorch, and its transpose: any device, any dtype.

Channels come first and points last, as the kernels want them. Both run over the eight corners of a point's cell in
every level. The definition is differentiable to any order in the points and the tables; the transpose is what its
derivative by the tables comes to.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

PRIMES = (1, 2654435761, 805459861)


class Corner(NamedTuple):
    """One corner of every point's cell in one level."""

    rows: Int[Tensor, "n"]
    """Row of the corner in the table."""
    weights: Float[Tensor, "n"]
    """Weight of the corner in the feature."""
    slopes: Float[Tensor, "3 n"]
    """The derivative of the weight by the point."""


def encode_by_definition(
    points: Float[Tensor, "n 3"],
    tables: Float[Tensor, "entries f"],
    fade: Float[Tensor, "l"],
    plan: Sequence[float],
    smooth: bool,
    jacobian: bool,
) -> tuple[Float[Tensor, "c n"], Float[Tensor, "d c n"]]:
    """Features and D = 3 rows of derivatives, or D = 0 if not wanted; ``plan`` and ``smooth`` are the grid's."""
    features, derivatives = [], []
    for corners, factor in zip(corners_by_level(points, plan, smooth), fade):
        value, derivative = 0.0, 0.0
        for corner in corners:
            entries = tables[corner.rows].t()
            value = value + corner.weights * entries
            derivative = derivative + corner.slopes[: 3 * jacobian, None] * entries
        features.append(value * factor)
        derivatives.append(derivative * factor)
    return torch.cat(features), torch.cat(derivatives, dim=1)


def transpose_by_definition(
    points: Float[Tensor, "n 3"],
    features_bar: Float[Tensor, "c n"],
    derivatives_bar: Float[Tensor, "d c n"],
    fade: Float[Tensor, "l"],
    plan: Sequence[float],
    smooth: bool,
    entries: int,
) -> Float[Tensor, "entries f"]:
    """The gradient of the tables, given those of the features and derivatives."""
    levels, wanted = len(fade), len(derivatives_bar)
    tables_bar = points.new_zeros(entries, len(features_bar) // levels)
    by_level = zip(features_bar.chunk(levels), derivatives_bar.chunk(levels, dim=1), fade)
    for corners, (value_bar, derivative_bar, factor) in zip(corners_by_level(points, plan, smooth), by_level):
        for corner in corners:
            entries_bar = corner.weights * value_bar + (corner.slopes[:wanted, None] * derivative_bar).sum(0)
            tables_bar.index_add_(0, corner.rows, (entries_bar * factor).t())
    return tables_bar


def corners_by_level(points: Float[Tensor, "n 3"], plan: Sequence[float], smooth: bool) -> Iterator[list[Corner]]:
    """The eight corners of the points' cells, level after level."""
    inside = ((points >= 0) & (points <= 1)).to(points)
    for scale, side, offset, size in zip(plan[::4], plan[1::4], plan[2::4], plan[3::4]):
        position = points.clamp(0, 1) * scale + 0.5
        cell = position.detach().floor()
        t, slope = position - cell, inside * scale
        if smooth:
            t, slope = t * t * (3 - 2 * t), 6 * t * (1 - t) * slope
        nodes = cell.nan_to_num(0.0).long()  # a NaN stays in t and reads a row that exists
        yield [_corner(bits, nodes, t, slope, (int(side), int(offset), int(size))) for bits in _BITS]


_BITS = [(corner & 1, corner >> 1 & 1, corner >> 2) for corner in range(8)]


def _corner(
    bits: tuple[int, int, int],
    nodes: Int[Tensor, "n 3"],
    t: Float[Tensor, "n 3"],
    slope: Float[Tensor, "n 3"],
    table: tuple[int, int, int],
) -> Corner:
    u, v, w = (t[:, d] if bit else 1 - t[:, d] for d, bit in enumerate(bits))
    du, dv, dw = (slope[:, d] if bit else -slope[:, d] for d, bit in enumerate(bits))
    x, y, z = (nodes[:, d] + bit for d, bit in enumerate(bits))
    rows = node_rows(x, y, z, *table)
    return Corner(rows, u * v * w, torch.stack([du * v * w, u * dv * w, u * v * dw]))


def node_rows(
    x: Int[Tensor, "n"], y: Int[Tensor, "n"], z: Int[Tensor, "n"], side: int, offset: int, size: int
) -> Int[Tensor, "n"]:
    """The table rows of grid nodes, in a level of ``size`` rows from row ``offset``: row by row, or hashed."""
    if side**3 <= size:
        return offset + (x + side * (y + side * z)) % size
    return offset + ((x * PRIMES[0]) ^ (y * PRIMES[1]) ^ (z * PRIMES[2])) % size

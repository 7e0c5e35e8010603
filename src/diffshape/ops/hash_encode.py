"""Multi-resolution grid encoding: features of a point, and their Jacobian, both linear in the tables.

Level l lays a grid of spacing 1 / s_l over the unit cube, s_l = base * growth^l - 1, and a point x falls at
p = s_l x + 1/2 (the half cell staggers the levels). Its feature is interpolated between the eight nodes around it,

    phi_l(x) = sum over corners b in {0, 1}^3 of prod_d (t_d if b_d else 1 - t_d) * table_l[row(floor(p) + b)],

with t = frac(p), or 3 t^2 - 2 t^3 of it for "smoothstep" interpolation. A level whose nodes fit its table is stored row
by row; a finer one shares rows by a spatial hash (x XOR 2654435761 y XOR 805459861 z, mod 2^32, mod the table's size).
Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, SIGGRAPH 2022, section 3.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels import numba_hash_encode
from diffshape.kernels.threads import follow_torch

_PRIMES = (1, 2654435761, 805459861)


@dataclass(frozen=True, kw_only=True)
class GridLayout:
    """Where every level of the encoding keeps its nodes.

    >>> GridLayout(levels=4, base=8, finest=64, log2_entries=14).resolutions
    (8, 16, 32, 64)
    """

    levels: int = 8
    """Number of levels L."""
    base: int = 8
    """Nodes per axis of the coarsest level."""
    finest: int = 128
    """Nodes per axis of the finest level; those between grow geometrically."""
    features: int = 2
    """Features F a level contributes."""
    log2_entries: int = 16
    """Base-2 logarithm of the largest table of a level; finer levels are hashed into it."""
    interpolation: Literal["linear", "smoothstep"] = "smoothstep"
    """"linear" is continuous, "smoothstep" has a continuous gradient too."""

    def __post_init__(self) -> None:
        if min(self.levels, self.features) < 1 or not 2 <= self.base <= self.finest or not 3 <= self.log2_entries <= 24:
            raise ValueError(f"GridLayout: need levels, features >= 1, 2 <= base <= finest, 3 <= log2_entries <= 24: {self}")
        if self.interpolation not in ("linear", "smoothstep"):
            raise ValueError(f'GridLayout: interpolation must be "linear" or "smoothstep", got {self.interpolation!r}')

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """Cells per unit length of every level."""
        growth = (self.finest / self.base) ** (1 / max(self.levels - 1, 1))
        sides = [self.base * growth**level for level in range(self.levels)]
        return tuple((round(side) if math.isclose(side, round(side), rel_tol=1e-9) else side) - 1.0 for side in sides)

    @cached_property
    def resolutions(self) -> tuple[int, ...]:
        """Nodes per axis of every level."""
        return tuple(math.ceil(scale) + 1 for scale in self.scales)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Table rows of every level."""
        return tuple(min(1 << self.log2_entries, -(-(side**3) // 8) * 8) for side in self.resolutions)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First table row of every level."""
        return tuple(sum(self.sizes[:level]) for level in range(self.levels))

    @cached_property
    def scales_tensor(self) -> Tensor:
        """``scales`` as a float64 tensor (L,)."""
        return torch.tensor(self.scales, dtype=torch.float64)

    @cached_property
    def rows(self) -> Tensor:
        """Resolutions, offsets and sizes as an int64 tensor (3, L)."""
        return torch.tensor([self.resolutions, self.offsets, self.sizes])

    @property
    def smooth(self) -> bool:
        """Whether the gradient is continuous."""
        return self.interpolation == "smoothstep"

    @property
    def entries(self) -> int:
        """Rows of the whole table."""
        return sum(self.sizes)

    @property
    def channels(self) -> int:
        """Length L * F of an encoded point."""
        return self.levels * self.features


@overload
def hash_encode(
    points: Tensor, tables: Tensor, grid: GridLayout, *, jacobian: Literal[False] = False, fade: Tensor | None = None
) -> Tensor: ...
@overload
def hash_encode(
    points: Tensor, tables: Tensor, grid: GridLayout, *, jacobian: Literal[True], fade: Tensor | None = None
) -> tuple[Tensor, Tensor]: ...
def hash_encode(
    points: Float[Tensor, "*b 3"],
    tables: Float[Tensor, "entries f"],
    grid: GridLayout,
    *,
    jacobian: bool = False,
    fade: Float[Tensor, "l"] | None = None,
) -> Float[Tensor, "*b c"] | tuple[Float[Tensor, "*b c"], Float[Tensor, "*b c 3"]]:
    """Encode points of the unit cube; see the formula at the top of this file.

    Args:
        points: Shape (..., 3); coordinates outside [0, 1] are taken at the nearest point of the cube.
        tables: All levels below one another, shape (grid.entries, grid.features), dtype of ``points``.
        grid: Where the levels lie in ``tables``.
        jacobian: Also return the derivative by the point, 0 along an axis on which the point lies outside the cube.
        fade: A factor for every level, shape (L,), 0 to leave it out (and save its cost); all 1 if ``None``.

    Returns:
        Features (..., L * F), level by level, and with ``jacobian`` their derivatives (..., L * F, 3).

    Raises:
        ValueError: A shape or dtype does not fit.

    Differentiable in ``tables``: both results are linear in them, so a loss on the gradient of a field needs only
    first-order autograd. Where ``points`` require a gradient the plain PyTorch reference runs, differentiable to any order.

    >>> grid = GridLayout(levels=2, base=4, finest=8, features=1, interpolation="linear")
    >>> hash_encode(torch.rand(5, 3), torch.ones(grid.entries, 1), grid)[0]
    tensor([1., 1.])
    """
    _check(points, tables, grid, fade)
    fade = torch.ones(grid.levels) if fade is None else fade.detach()
    flat = points.reshape(-1, 3)
    kernel = points.device.type == "cpu" and points.dtype in (torch.float32, torch.float64) and not points.requires_grad
    encode = _encode_kernel if kernel else hash_encode_reference
    stacked = encode(flat, tables, grid, fade.to(tables), jacobian)
    features = stacked[0].reshape(*points.shape[:-1], grid.channels)
    if not jacobian:
        return features
    return features, stacked[1:].permute(1, 2, 0).reshape(*points.shape[:-1], grid.channels, 3)


def hash_encode_reference(
    points: Float[Tensor, "n 3"], tables: Float[Tensor, "entries f"], grid: GridLayout, fade: Tensor, jacobian: bool
) -> Float[Tensor, "stack n c"]:
    """The definition in PyTorch: features (1, N, C), or with x, y and z derivatives (4, N, C)."""
    inside = ((points >= 0) & (points <= 1)).to(points)
    points = points.clamp(0, 1)
    levels = []
    for level, scale in enumerate(grid.scales):
        position = points * scale + 0.5
        cell = position.detach().floor()
        t = position - cell
        slope = inside * scale
        if grid.smooth:
            t, slope = t * t * (3 - 2 * t), 6 * t * (1 - t) * slope
        stack: list[Tensor | float] = [0.0] * (4 if jacobian else 1)
        for corner in range(8):
            bits = torch.tensor([corner & 1, corner >> 1 & 1, corner >> 2], device=points.device)
            weights = torch.where(bits == 1, t, 1 - t)  # (N, 3)
            entry = tables[_rows(cell.long() + bits, grid, level)]  # (N, F)
            stack[0] = stack[0] + weights.prod(-1, keepdim=True) * entry
            for axis in range(3 if jacobian else 0):
                others = weights[:, [a for a in range(3) if a != axis]].prod(-1) * slope[:, axis]
                stack[1 + axis] = stack[1 + axis] + (2 * int(bits[axis]) - 1) * others[:, None] * entry
        levels.append(torch.stack([part for part in stack if isinstance(part, Tensor)]) * fade[level])
    return torch.cat(levels, dim=-1)


def _rows(nodes: Tensor, grid: GridLayout, level: int) -> Tensor:
    """Table rows of integer nodes (N, 3) of one level."""
    side, size = grid.resolutions[level], grid.sizes[level]
    x, y, z = nodes.unbind(-1)
    if side**3 <= size:
        return grid.offsets[level] + (x + side * (y + side * z)) % size
    return grid.offsets[level] + ((x * _PRIMES[0]) ^ (y * _PRIMES[1]) ^ (z * _PRIMES[2])) % size


def _encode_kernel(points: Tensor, tables: Tensor, grid: GridLayout, fade: Tensor, jacobian: bool) -> Tensor:
    return _hash_encode(points, tables, grid.scales_tensor.to(points), grid.rows, fade, grid.smooth, jacobian)


@torch.library.custom_op("diffshape::hash_encode", mutates_args=())
def _hash_encode(
    points: Tensor, tables: Tensor, scales: Tensor, rows: Tensor, fade: Tensor, smooth: bool, jacobian: bool
) -> Tensor:
    follow_torch()
    out = points.new_zeros(4 if jacobian else 1, len(points), len(scales) * tables.shape[1])
    numba_hash_encode.encode(*_arrays(points, tables, scales, rows, fade), smooth, out.numpy())
    return out


@torch.library.custom_op("diffshape::hash_encode_backward", mutates_args=())
def _hash_encode_backward(
    points: Tensor, gradient: Tensor, scales: Tensor, rows: Tensor, fade: Tensor, smooth: bool, entries: int
) -> Tensor:
    follow_torch()
    tables = points.new_zeros(entries, gradient.shape[2] // len(scales))
    numba_hash_encode.encode_backward(*_arrays(points, gradient, scales, rows, fade), smooth, tables.numpy())
    return tables


@_hash_encode.register_fake
def _(
    points: Tensor, tables: Tensor, scales: Tensor, rows: Tensor, fade: Tensor, smooth: bool, jacobian: bool
) -> Tensor:
    return points.new_empty(4 if jacobian else 1, len(points), len(scales) * tables.shape[1])


@_hash_encode_backward.register_fake
def _(
    points: Tensor, gradient: Tensor, scales: Tensor, rows: Tensor, fade: Tensor, smooth: bool, entries: int
) -> Tensor:
    return points.new_empty(entries, gradient.shape[2] // len(scales))


def _remember(ctx: Any, inputs: tuple, output: Tensor) -> None:
    points, tables, scales, rows, fade, ctx.smooth, _ = inputs
    ctx.entries = len(tables)
    ctx.save_for_backward(points, scales, rows, fade)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    points, scales, rows, fade = ctx.saved_tensors
    tables = _hash_encode_backward(points, gradient, scales, rows, fade, ctx.smooth, ctx.entries)
    return None, tables, None, None, None, None, None


_hash_encode.register_autograd(_backward, setup_context=_remember)


def _arrays(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def _check(points: Tensor, tables: Tensor, grid: GridLayout, fade: Tensor | None) -> None:
    if points.shape[-1:] != (3,):
        raise ValueError(f"hash_encode: points must have shape (..., 3), got {tuple(points.shape)}")
    if tables.shape != (grid.entries, grid.features):
        raise ValueError(
            f"hash_encode: tables must have the grid's shape ({grid.entries}, {grid.features}), got {tuple(tables.shape)}"
        )
    if tables.dtype != points.dtype or tables.device != points.device:
        raise ValueError(
            f"hash_encode: tables ({tables.dtype}, {tables.device}) must have the dtype and device of points "
            f"({points.dtype}, {points.device})"
        )
    if fade is not None and fade.shape != (grid.levels,):
        raise ValueError(f"hash_encode: fade must have shape ({grid.levels},), one factor a level, got {tuple(fade.shape)}")

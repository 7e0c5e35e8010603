"""Multi-resolution grid encoding, its Jacobian and its transpose on CUDA: one program a level and block of points.

All blocks of a level run before those of the next, so that the rows in use, 4 MB of 2^19 rows of two, stay in the L2
cache. Forward, a program gathers the eight rows of every point's cell; backward it adds to them by atomics, so the last
bits of a gradient vary from run to run. Products are not contracted (``enable_fp_fusion=False``), so that a point on a
cell's border falls on the side where PyTorch sees it; sums over corners are, by ``tl.fma``.

``plan`` here is int32 (L, 5): whether the level is stored row by row, its steps along y and z, first row and rows. The
steps are the sides of the grid, or the primes of the hash; then a node's row is the sum of its coordinates times steps,
or their XOR.
"""

import triton
import triton.language as tl
from torch import Tensor

BLOCK = 256
"""Points of a program."""


def encode(
    points: Tensor, tables: Tensor, fade: Tensor, scales: Tensor, plan: Tensor, smooth: bool, jacobian: bool
) -> tuple[Tensor, Tensor]:
    """Features (L * F, N) and their derivatives (3, L * F, N), or (0, L * F, N) if not wanted.

    Args:
        points: (N, 3) contiguous float32, as are all but ``plan``.
        tables: (entries, F), fewer than 2^31 numbers.
        fade: (L,).
        scales: (L,), cells per unit length.
        plan: (L, 5) int32, see above.
        smooth: Whether weights are smoothstep of the place in the cell.
        jacobian: Whether derivatives are wanted.
    """
    shape = len(fade) * tables.shape[1], len(points)
    features, derivatives = points.new_empty(shape), points.new_empty(3 * jacobian, *shape)
    if len(points):
        _encode_kernel[_programs(points, fade)](
            *(points, tables, fade, scales, plan, features, derivatives, len(points)),
            **_shape(tables.shape[1], smooth, jacobian),
            enable_fp_fusion=False,
        )
    return features, derivatives


def encode_backward(
    points: Tensor,
    features_bar: Tensor,
    derivatives_bar: Tensor,
    fade: Tensor,
    scales: Tensor,
    plan: Tensor,
    smooth: bool,
    entries: int,
) -> Tensor:
    """Gradient (entries, F) of the tables, given those of what ``encode`` returns."""
    tables_bar = points.new_zeros(entries, len(features_bar) // len(fade))
    if len(points):
        _encode_backward_kernel[_programs(points, fade)](
            *(points, features_bar, derivatives_bar, fade, scales, plan, tables_bar, len(points)),
            **_shape(tables_bar.shape[1], smooth, len(derivatives_bar) > 0),
            enable_fp_fusion=False,
        )
    return tables_bar


def _programs(points: Tensor, fade: Tensor) -> tuple[int, int]:
    return triton.cdiv(len(points), BLOCK), len(fade)


def _shape(features: int, smooth: bool, jacobian: bool) -> dict[str, int | bool]:
    slots = triton.next_power_of_2(features)
    return {"F": features, "SLOTS": slots, "SMOOTH": smooth, "JACOBIAN": jacobian, "BLOCK": BLOCK}


@triton.jit
def locate(coordinate, scale, SMOOTH: tl.constexpr):
    """The node below a coordinate, the weight of the node above, and its derivative; a NaN stays in the weight."""
    inside = tl.where(coordinate < 0, 0.0, tl.where(coordinate > 1, 1.0, coordinate))
    position = inside * scale + 0.5
    cell = tl.floor(position)
    weight = position - cell
    slope = tl.where(inside == coordinate, scale, 0.0)
    if SMOOTH:
        slope = 6 * weight * (1 - weight) * slope
        weight = weight * weight * (3 - 2 * weight)
    return tl.where(cell >= 0, cell, 0.0).to(tl.int32), weight, slope


@triton.jit
def corner_of(
    x, y, z, y_step, z_step, u, v, w, du, dv, dw, dense, size,
    X: tl.constexpr, Y: tl.constexpr, Z: tl.constexpr,
):  # fmt: skip
    """One corner of a cell: its row within the level, its weight, and the weight's derivative along each axis.

    x, y and z are the lowest node's coordinates times the level's steps; X, Y and Z are 1 for the far side.
    """
    x, y, z = x + X, y + Y * y_step, z + Z * z_step
    number = x + y + z  # of a node beyond the last it is too large by less than the table
    wrapped = tl.where(number >= size, number - size, number)
    row = tl.where(dense != 0, wrapped, (x ^ y ^ z) & (size - 1))
    a, da = _one_side(u, du, X)
    b, db = _one_side(v, dv, Y)
    c, dc = _one_side(w, dw, Z)
    return row, a * b * c, da * b * c, a * db * c, a * b * dc


@triton.jit
def _one_side(weight, slope, FAR: tl.constexpr):
    """The weight of the node on one side of a cell and its derivative, given those of the far one."""
    if not FAR:
        weight, slope = 1 - weight, -slope
    return weight, slope


@triton.jit
def _cells(points, scales, plan, n, real, level, SMOOTH: tl.constexpr):
    """Cells of a block of points in one level, their strides and fractions: the arguments of ``corner_of``."""
    scale, plan = tl.load(scales + level), plan + level * 5
    x, u, du = locate(tl.load(points + n * 3, mask=real, other=0.0), scale, SMOOTH)
    y, v, dv = locate(tl.load(points + n * 3 + 1, mask=real, other=0.0), scale, SMOOTH)
    z, w, dw = locate(tl.load(points + n * 3 + 2, mask=real, other=0.0), scale, SMOOTH)
    dense, y_step, z_step, size = tl.load(plan), tl.load(plan + 1), tl.load(plan + 2), tl.load(plan + 4)
    return x, y * y_step, z * z_step, y_step, z_step, u, v, w, du, dv, dw, dense, size


@triton.jit
def _encode_kernel(
    points, tables, fade, scales, plan, features, derivatives, count,
    F: tl.constexpr, SLOTS: tl.constexpr, SMOOTH: tl.constexpr, JACOBIAN: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    level = tl.program_id(1)
    n = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    real = n < count
    slot = tl.arange(0, SLOTS)[None, :]
    value = tl.zeros((BLOCK, SLOTS), tl.float32)
    by_x, by_y, by_z = value, value, value
    factor = tl.load(fade + level)
    if factor != 0:
        cells = _cells(points, scales, plan, n, real, level, SMOOTH)
        first = tl.load(plan + level * 5 + 3)
        for corner in tl.static_range(8):
            row, weight, along_x, along_y, along_z = corner_of(*cells, corner & 1, corner >> 1 & 1, corner >> 2)
            entry = tl.load(tables + (first + row)[:, None] * F + slot, mask=slot < F, other=0.0)
            value = tl.fma(weight[:, None], entry, value)
            if JACOBIAN:
                by_x = tl.fma(along_x[:, None], entry, by_x)
                by_y = tl.fma(along_y[:, None], entry, by_y)
                by_z = tl.fma(along_z[:, None], entry, by_z)
    place = (level * F + slot).to(tl.int64) * count + n[:, None]
    wanted = real[:, None] & (slot < F)
    tl.store(features + place, value * factor, mask=wanted)
    if JACOBIAN:
        stride = tl.num_programs(1).to(tl.int64) * F * count
        tl.store(derivatives + place, by_x * factor, mask=wanted)
        tl.store(derivatives + stride + place, by_y * factor, mask=wanted)
        tl.store(derivatives + 2 * stride + place, by_z * factor, mask=wanted)


@triton.jit
def _encode_backward_kernel(
    points, features_bar, derivatives_bar, fade, scales, plan, tables_bar, count,
    F: tl.constexpr, SLOTS: tl.constexpr, SMOOTH: tl.constexpr, JACOBIAN: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    level = tl.program_id(1)
    factor = tl.load(fade + level)
    if factor != 0:
        n = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        real = n < count
        slot = tl.arange(0, SLOTS)[None, :]
        place = (level * F + slot).to(tl.int64) * count + n[:, None]
        wanted = real[:, None] & (slot < F)
        value_bar = tl.load(features_bar + place, mask=wanted, other=0.0) * factor
        if JACOBIAN:
            stride = tl.num_programs(1).to(tl.int64) * F * count
            by_x_bar = tl.load(derivatives_bar + place, mask=wanted, other=0.0) * factor
            by_y_bar = tl.load(derivatives_bar + stride + place, mask=wanted, other=0.0) * factor
            by_z_bar = tl.load(derivatives_bar + 2 * stride + place, mask=wanted, other=0.0) * factor
        cells = _cells(points, scales, plan, n, real, level, SMOOTH)
        first = tl.load(plan + level * 5 + 3)
        for corner in tl.static_range(8):
            row, weight, along_x, along_y, along_z = corner_of(*cells, corner & 1, corner >> 1 & 1, corner >> 2)
            entry_bar = weight[:, None] * value_bar
            if JACOBIAN:
                entry_bar = tl.fma(along_x[:, None], by_x_bar, entry_bar)
                entry_bar = tl.fma(along_y[:, None], by_y_bar, entry_bar)
                entry_bar = tl.fma(along_z[:, None], by_z_bar, entry_bar)
            tl.atomic_add(tables_bar + (first + row)[:, None] * F + slot, entry_bar, mask=wanted, sem="relaxed")

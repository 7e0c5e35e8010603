"""Multi-resolution grid encoding: features of a point, and their Jacobian, both linear in the tables.

Level l lays a grid of spacing 1 / s_l over the unit cube, s_l = base * growth^l - 1, and a point x falls at
p = s_l x + 1/2 (the half cell staggers the levels). Its feature is interpolated between the eight nodes around it,

    phi_l(x) = sum over corners b in {0, 1}^3 of prod_d (t_d if b_d else 1 - t_d) * table_l[row(floor(p) + b)],

with t = frac(p), or 3 t^2 - 2 t^3 of it for "smoothstep" interpolation. A level whose nodes fit its table is stored row
by row; a finer one shares rows by a spatial hash (x XOR 2654435761 y XOR 805459861 z, mod 2^32, mod the table's size).
The half cell reaches one node beyond the grid, which wraps around into the table like any other row.
Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, SIGGRAPH 2022, section 3.
"""

from typing import Any, Literal, Sequence, overload  # noqa: UP035 - torch 2.4 makes no operator of another

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.kernels import numba_hash_encode
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba, has_triton
from diffshape.ops.hash_grid.definition import encode_by_definition, transpose_by_definition
from diffshape.ops.hash_grid.kernel_calls import blocks_of, calls_for, plan_rows
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.operators import operator
from diffshape.ops.transforms import is_transformed


@overload
def hash_encode(
    points: Tensor, tables: Tensor, grid: GridLayout, *, jacobian: Literal[False] = False, fade: Tensor | None = None
) -> Tensor: ...
@overload
def hash_encode(
    points: Tensor, tables: Tensor, grid: GridLayout, *, jacobian: Literal[True], fade: Tensor | None = None
) -> tuple[Tensor, Tensor]: ...
@checked
def hash_encode(
    points: Float[Tensor, "*b 3"],
    tables: Float[Tensor, "entries f"],
    grid: GridLayout,
    *,
    jacobian: bool = False,
    fade: Float[Tensor, "l"] | None = None,
) -> Float[Tensor, "*b c"] | tuple[Float[Tensor, "*b c"], Float[Tensor, "*b c 3"]]:
    """Features of points of the unit cube, interpolated on grids of several resolutions, and their derivative.

    Level l has nodes 1 / s_l apart, staggered by half a cell: a point x falls at p = s_l x + 1/2, and its feature is

        phi_l(x) = sum over corners b in {0, 1}^3 of prod_d (t_d if b_d else 1 - t_d) * table_l[row(floor(p) + b)],

    t = frac(p), or 3 t^2 - 2 t^3 of it for "smoothstep" interpolation. A level whose nodes fit its table is stored row
    by row; a finer one shares rows by a spatial hash.

    Args:
        points: Shape (..., 3); coordinates outside [0, 1] are taken at the nearest point of the cube.
        tables: All levels below one another, shape (grid.entries, grid.features), dtype and device of ``points``.
        grid: Where the levels lie in ``tables``.
        jacobian: Also return the derivative by the point, 0 along an axis on which the point lies outside the cube.
        fade: A constant factor for every level, shape (L,), 0 to leave it out (and save its cost); all 1 if ``None``.

    Returns:
        Features (..., L * F), level by level, and with ``jacobian`` their derivatives (..., L * F, 3); NaN where a
        coordinate is NaN.

    Raises:
        ValueError: A shape, dtype or device does not fit.

    Differentiable in ``tables``: both results are linear in them, so a loss on the gradient of a field needs only
    first-order autograd. Where ``points`` require a gradient the plain PyTorch reference runs, differentiable to any
    order. On the CPU the result does not depend on the number of threads; on CUDA the last bits of a gradient vary.

    >>> grid = GridLayout(levels=2, base=4, finest=8, features=1, interpolation="linear")
    >>> hash_encode(torch.rand(5, 3), torch.ones(grid.entries, 1), grid)[0]
    tensor([1., 1.])
    """
    _check(points, tables, grid, fade)
    fade = tables.new_ones(grid.levels) if fade is None else fade.detach().to(tables)
    encode = encode_by_definition if points.requires_grad or is_transformed(points, tables) else encode_points
    features, derivatives = encode(points.reshape(-1, 3), tables, fade, grid.plan, grid.smooth, jacobian)
    features = features.t().reshape(*points.shape[:-1], grid.channels)
    if not jacobian:
        return features
    return features, derivatives.permute(2, 1, 0).reshape(*points.shape[:-1], grid.channels, 3)


@operator("hash_encode")
def encode_points(
    points: Tensor, tables: Tensor, fade: Tensor, plan: Sequence[float], smooth: bool, jacobian: bool
) -> tuple[Tensor, Tensor]:
    """``encode_by_definition``, by a kernel where there is one."""
    if _has_triton_kernel(points, tables.numel()):
        from diffshape.ops.hash_grid import triton_encode  # loads Triton, which not every PyTorch has

        return triton_encode.encode(points, tables, fade, plan, smooth, jacobian)
    if not has_numba(points):
        return encode_by_definition(points, tables, fade, plan, smooth, jacobian)
    features, derivatives = _like_encoded(points, tables, fade, jacobian)
    calls = calls_for(points, fade, blocks_of(points), jacobian=jacobian)
    constants = [as_array(each) for each in (points, tables, fade)] + [plan_rows(plan), smooth]
    run_tasks(numba_hash_encode.encode, calls, calls, *constants, features.numpy(), derivatives.numpy())
    return features, derivatives


@operator("hash_encode_backward")
def encode_points_backward(
    points: Tensor,
    features_bar: Tensor,
    derivatives_bar: Tensor,
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    entries: int,
) -> Tensor:
    """``transpose_by_definition``, by a kernel where there is one."""
    if _has_triton_kernel(points, entries * (len(features_bar) // len(fade))):
        from diffshape.ops.hash_grid import triton_encode

        return triton_encode.encode_backward(points, features_bar, derivatives_bar, fade, plan, smooth, entries)
    if not has_numba(points):
        return transpose_by_definition(points, features_bar, derivatives_bar, fade, plan, smooth, entries)
    tables_bar = points.new_empty(entries, len(features_bar) // len(fade))
    calls = calls_for(points, fade, len(fade), jacobian=len(derivatives_bar) > 0)
    arrays = [as_array(each) for each in (points, features_bar, derivatives_bar, fade)]
    run_tasks(numba_hash_encode.encode_backward, calls, calls, *arrays, plan_rows(plan), smooth, tables_bar.numpy())
    return tables_bar


@torch.library.register_fake(encode_points)
def _(
    points: Tensor, tables: Tensor, fade: Tensor, plan: Sequence[float], smooth: bool, jacobian: bool
) -> tuple[Tensor, Tensor]:
    return _like_encoded(points, tables, fade, jacobian)


@torch.library.register_fake(encode_points_backward)
def _(
    points: Tensor,
    features_bar: Tensor,
    derivatives_bar: Tensor,
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    entries: int,
) -> Tensor:
    return points.new_empty(entries, len(features_bar) // len(fade))


def _remember(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    points, tables, fade, ctx.plan, ctx.smooth, _ = inputs
    ctx.entries = len(tables)
    ctx.save_for_backward(points, fade)


def _backward(ctx: Any, features_bar: Tensor, derivatives_bar: Tensor) -> tuple[Tensor | None, ...]:
    points, fade = ctx.saved_tensors
    bars = features_bar, derivatives_bar
    return None, encode_points_backward(points, *bars, fade, ctx.plan, ctx.smooth, ctx.entries), None, None, None, None


torch.library.register_autograd(encode_points, _backward, setup_context=_remember)


def _has_triton_kernel(points: Tensor, numbers: int) -> bool:
    """Whether the Triton kernel takes these points, for tables of so many ``numbers``."""
    return has_triton(points) and points.dtype == torch.float32 and numbers < 2**31


def _like_encoded(points: Tensor, tables: Tensor, fade: Tensor, jacobian: bool) -> tuple[Tensor, Tensor]:
    shape = len(fade) * tables.shape[1], len(points)
    return points.new_empty(shape), points.new_empty(3 * jacobian, *shape)


def _check(points: Tensor, tables: Tensor, grid: GridLayout, fade: Tensor | None) -> None:
    if points.shape[-1:] != (3,) or not points.is_floating_point():
        raise ValueError(
            f"hash_encode: points must be floating point, shape (..., 3), got {points.dtype}, {tuple(points.shape)}"
        )
    if tables.shape != (grid.entries, grid.features):
        raise ValueError(
            f"hash_encode: tables must have the grid's shape ({grid.entries}, {grid.features}), "
            f"got {tuple(tables.shape)}"
        )
    if tables.dtype != points.dtype or tables.device != points.device:
        raise ValueError(
            f"hash_encode: tables ({tables.dtype}, {tables.device}) must have the dtype and device of points "
            f"({points.dtype}, {points.device})"
        )
    if fade is not None and fade.shape != (grid.levels,):
        raise ValueError(
            f"hash_encode: fade must have shape ({grid.levels},), one factor a level, got {tuple(fade.shape)}"
        )

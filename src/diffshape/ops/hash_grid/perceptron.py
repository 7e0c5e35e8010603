"""Small ReLU networks that read grid encodings: the usual neural distance fields, one or many as one operation.

    y(x) = W_L h_{L-1} + b_L,    h_l = max(0, W_l h_{l-1} + b_l),    h_0 = (lead, phi(x))

phi the features of ``hash_encode``, ``lead`` anything else the network reads. On the CPU one kernel does all of it for
a block of points at a time, forward and backward, and many networks are shared out among the threads; elsewhere, and
where a gradient has to reach the points, the lines of PyTorch below are what runs, with batched matrix products, and
what the kernel is held to.
Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, SIGGRAPH 2022.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffshape.ops.engines import has_numba
from diffshape.ops.hash_grid.encode import hash_encode
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.hash_grid.perceptron_values import backward_operator, evaluate, evaluate_backward, values_operator
from diffshape.ops.transforms import is_transformed

_LAYERS = 4
"""Largest number of layers that the kernel takes: it is compiled for each number."""


def hash_perceptron(
    points: Float[Tensor, "n 3"],
    lead: Float[Tensor, "k n"],
    tables: Float[Tensor, "entries f"],
    grid: GridLayout,
    weights: Sequence[Float[Tensor, "out in"]],
    biases: Sequence[Float[Tensor, "out"]],
    *,
    fade: Float[Tensor, "l"] | None = None,
) -> Float[Tensor, "n"]:
    """Values of the network at points of the unit cube.

    Args:
        points: Shape (N, 3); coordinates outside [0, 1] are taken at the nearest point of the cube.
        lead: Shape (K, N), read before the features; K may be 0. No gradient reaches it from the kernel.
        tables: All levels, shape (grid.entries, grid.features).
        grid: Where the levels lie in ``tables``.
        weights: A matrix a layer, the first with K + L * F columns, the last with one row.
        biases: A vector a layer.
        fade: A constant factor for every level, shape (L,); all 1 if ``None``.

    Returns:
        Shape (N,), differentiable in tables, weights and biases; once, where the kernel runs.

    Raises:
        ValueError: A shape does not fit.

    >>> grid = GridLayout(levels=2, base=4, finest=8, features=1)
    >>> x, tables = torch.rand(5, 3), torch.ones(grid.entries, 1)
    >>> weights, biases = [torch.ones(4, 2), torch.ones(1, 4)], [torch.zeros(4), torch.ones(1)]
    >>> hash_perceptron(x, x.t()[:0], tables, grid, weights, biases)
    tensor([9., 9., 9., 9., 9.])
    """
    fade = tables.new_ones(grid.levels) if fade is None else fade
    return hash_perceptrons(points[None], lead[None], [tables], grid, [weights], [biases], fade=fade[None])[0]


def hash_perceptrons(
    points: Float[Tensor, "m n 3"],
    lead: Float[Tensor, "m k n"],
    tables: Sequence[Float[Tensor, "entries f"]],
    grid: GridLayout,
    weights: Sequence[Sequence[Float[Tensor, "out in"]]],
    biases: Sequence[Sequence[Float[Tensor, "out"]]],
    *,
    fade: Float[Tensor, "m l"],
) -> Float[Tensor, "m n"]:
    """Values of M networks of one shape, each at its own points.

    Args:
        points: Shape (M, N, 3), as in :func:`hash_perceptron`.
        lead: Shape (M, K, N).
        tables: Tables of every network, each (grid.entries, grid.features).
        grid: Where the levels lie in each of ``tables``.
        weights: For every network, a matrix a layer.
        biases: For every network, a vector a layer.
        fade: Constant factors of the levels, shape (M, L).

    Returns:
        Shape (M, N).

    Raises:
        ValueError: A shape does not fit.

    On the CPU each network has the bits that `hash_perceptron` gives it; elsewhere batched matrix products may sum in
    another order.
    """
    _check(points, lead, tables, grid, weights, biases, fade)
    fade = fade.detach().to(tables[0])
    if is_transformed(points, *tables) or not _has_kernel(points, lead, weights[0]):
        features = [hash_encode(x, each, grid, fade=factor).t() for x, each, factor in zip(points, tables, fade)]
        h = torch.cat([lead, torch.stack(features)], dim=1)  # (M, K + L * F, N)
        for layer in range(len(weights[0])):
            weight, bias = (torch.stack([each[layer] for each in part]) for part in (weights, biases))
            h = torch.baddbmm(bias[:, :, None], weight, h.relu() if layer else h)
        return h[:, 0]
    parameters = [each for layers in zip(weights, biases) for part in layers for each in part]
    constants = fade, grid.plan, grid.smooth
    if torch.is_grad_enabled() and any(each.requires_grad for each in (*tables, *parameters)):
        return _Perceptrons.apply(points, lead, *constants, len(tables), *tables, *parameters)
    run = values_operator if torch.compiler.is_compiling() else evaluate
    return run(points, lead, tables, *constants, parameters, False)[0]


class _Perceptrons(torch.autograd.Function):
    """`evaluate` with a derivative; compiled code calls operators, which eager code would lose time by."""

    @staticmethod
    def forward(
        ctx: Any,
        points: Tensor,
        lead: Tensor,
        fade: Tensor,
        plan: Sequence[float],
        smooth: bool,
        networks: int,
        *leaves: Tensor,
    ) -> Tensor:
        tables, parameters = leaves[:networks], leaves[networks:]
        run = values_operator if torch.compiler.is_compiling() else evaluate
        values, inputs = run(points, lead, tables, fade, plan, smooth, parameters, True)
        ctx.plan, ctx.smooth, ctx.shape = plan, smooth, tables[0].shape
        ctx.save_for_backward(points, fade, inputs, *parameters)
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, values_bar: Tensor) -> tuple[Any, ...]:
        points, fade, inputs, *parameters = ctx.saved_tensors
        run = backward_operator if torch.compiler.is_compiling() else evaluate_backward
        tables_bar, flat = run(values_bar, points, inputs, fade, ctx.plan, ctx.smooth, parameters, *ctx.shape)
        parts = flat.reshape(-1).split([each.numel() for each in parameters])
        bars = [part.reshape(each.shape) for part, each in zip(parts, parameters)]
        return None, None, None, None, None, None, *tables_bar.unbind(), *bars


def _has_kernel(points: Tensor, lead: Tensor, weights: Sequence[Tensor]) -> bool:
    return has_numba(points) and not (points.requires_grad or lead.requires_grad) and 2 <= len(weights) <= _LAYERS


def _check(
    points: Tensor,
    lead: Tensor,
    tables: Sequence[Tensor],
    grid: GridLayout,
    weights: Sequence[Sequence[Tensor]],
    biases: Sequence[Sequence[Tensor]],
    fade: Tensor,
) -> None:
    """Everything has the shape by which the kernel will address it."""
    networks, count = points.shape[:2]
    sides = [lead.shape[1] + grid.channels, *(len(weight) for weight in weights[0][:-1]), 1]
    for name, given, wanted in (
        ("lead", [[each] for each in lead], [(lead.shape[1], count)]),
        ("tables", [[each] for each in tables], [(grid.entries, grid.features)]),
        ("weights", weights, list(zip(sides[1:], sides))),
        ("biases", biases, [(side,) for side in sides[1:]]),
        ("fade", [[each] for each in fade], [(grid.levels,)]),
    ):
        shapes = [[tuple(part.shape) for part in each] for each in given]
        if shapes != [wanted] * networks:
            odd = next((each for each in shapes if each != wanted), f"those of {len(shapes)}")
            raise ValueError(
                f"hash_perceptron: {name} must have shapes {wanted} for each of {networks} networks, got {odd}"
            )

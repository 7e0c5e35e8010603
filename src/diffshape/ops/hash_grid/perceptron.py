"""Small ReLU networks that read grid encodings: the usual neural distance fields, one or many as one operation.

    y(x) = W_L h_{L-1} + b_L,    h_l = max(0, W_l h_{l-1} + b_l),    h_0 = (lead, phi(x))

phi the features of ``hash_encode``, ``lead`` anything else the network reads. On the CPU one kernel does all of it for
a block of points at a time, forward and backward, and many networks are shared out among the threads; elsewhere, and
where a gradient has to reach the points, the lines of PyTorch below are what runs, with batched matrix products, and
what the kernel is held to.
Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, SIGGRAPH 2022.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffshape.kernels import numba_hash_encode, numba_hash_perceptron
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba
from diffshape.ops.hash_grid.encode import hash_encode
from diffshape.ops.hash_grid.kernel_calls import blocks_of, calls_for, plan_rows
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.transforms import is_transformed

_LAYERS = 4
"""Most layers the kernel takes: it is compiled for each number of them."""


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
    """Values of M networks of one shape, each at its own points; of each the same bits as ``hash_perceptron`` gives.

    Args:
        points: Shape (M, N, 3), as in :func:`hash_perceptron`.
        lead: Shape (M, K, N).
        tables: Of every network.
        grid: Where the levels lie in each of ``tables``.
        weights: Of every network, a matrix a layer.
        biases: Of every network, a vector a layer.
        fade: Shape (M, L).

    Returns:
        Shape (M, N).

    Raises:
        ValueError: A shape does not fit.

    The same bits on the CPU, that is; batched matrix products elsewhere may sum in another order.
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
    keep = torch.is_grad_enabled() and any(each.requires_grad for each in (*tables, *parameters))
    constants = fade, grid.plan, grid.smooth
    if torch.compiler.is_compiling():
        return perceptron_values(points, lead, tables, *constants, parameters, keep)[0]
    if keep:
        return _Perceptrons.apply(points, lead, *constants, len(tables), *tables, *parameters)
    return evaluate(points, lead, tables, *constants, parameters, False)[0]


def evaluate(
    points: Tensor,
    lead: Tensor,
    tables: Sequence[Tensor],
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    parameters: Sequence[Tensor],
    keep: bool,
) -> tuple[Tensor, Tensor]:
    """Values (M, N), and with ``keep`` what the networks read, (M, K + L * F, N).

    parameters: of the first network its weights, then its biases, then those of the next.
    """
    values, inputs = _like_values(points, lead, tables, fade, keep)
    arrays = [[as_array(each) for each in part] for part in (points, lead, tables, fade)]
    networks, levels = _networks(parameters, len(points)), plan_rows(plan)
    _run_each(
        numba_hash_perceptron.evaluate,
        calls_for(points, fade, blocks_of(points)),
        [
            (x, front, table, factors, levels, smooth, *network, y, kept)
            for x, front, table, factors, network, y, kept in zip(*arrays, networks, values.numpy(), inputs.numpy())
        ],
    )
    return values, inputs


def evaluate_backward(
    values_bar: Tensor,
    points: Tensor,
    inputs: Tensor,
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    parameters: Sequence[Tensor],
    entries: int,
    features: int,
) -> tuple[Tensor, Tensor]:
    """Cotangents of the tables, (M, entries, F), and of each network's parameters one after another, (M, P)."""
    blocks, networks = blocks_of(points), _networks(parameters, len(points))
    inputs_bar, tables_bar = torch.empty_like(inputs), points.new_empty(len(points), entries, features)
    bars = [tuple(_room(blocks, part) for part in network) for network in networks]
    _run_each(
        numba_hash_perceptron.evaluate_backward,
        calls_for(points, fade, blocks),
        [
            (y_bar, x, weights, biases, tuple(np.ascontiguousarray(weight.T) for weight in weights), x_bar, *room)
            for y_bar, x, (weights, biases), x_bar, room in zip(
                as_array(values_bar), inputs.numpy(), networks, inputs_bar.numpy(), bars
            )
        ],
    )
    features_bar = inputs_bar[:, inputs.shape[1] - fade.shape[1] * features :]
    no_derivatives, levels = features_bar.new_empty(0, *features_bar.shape[1:]).numpy(), plan_rows(plan)
    _run_each(
        numba_hash_encode.encode_backward,
        calls_for(points, fade, fade.shape[1]),
        [
            (x, bar, no_derivatives, factors, levels, smooth, table_bar)
            for x, bar, factors, table_bar in zip(
                as_array(points), features_bar.numpy(), as_array(fade), tables_bar.numpy()
            )
        ],
    )
    flat = [np.concatenate([each.sum(0).ravel() for part in room for each in part]) for room in bars]
    return tables_bar, torch.from_numpy(np.stack(flat))


class _Perceptrons(torch.autograd.Function):
    """What ``perceptron_values`` is to the compiler, without its wrappings, which cost a tenth of a small step."""

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
        inputs = points, lead, leaves[:networks], fade, plan, smooth, leaves[networks:], True
        output = evaluate(*inputs)
        _remember(ctx, inputs, output)
        return output[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, values_bar: Tensor) -> tuple[Any, ...]:
        tables_bars, bars = _cotangents(ctx, values_bar, evaluate_backward)
        return None, None, None, None, None, None, *tables_bars, *bars


perceptron_values = torch.library.custom_op("diffshape::hash_perceptron", evaluate, mutates_args=())
perceptron_values_backward = torch.library.custom_op(
    "diffshape::hash_perceptron_backward", evaluate_backward, mutates_args=()
)


@perceptron_values.register_fake
def _(
    points: Tensor,
    lead: Tensor,
    tables: Sequence[Tensor],
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    parameters: Sequence[Tensor],
    keep: bool,
) -> tuple[Tensor, Tensor]:
    return _like_values(points, lead, tables, fade, keep)


@perceptron_values_backward.register_fake
def _(
    values_bar: Tensor,
    points: Tensor,
    inputs: Tensor,
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    parameters: Sequence[Tensor],
    entries: int,
    features: int,
) -> tuple[Tensor, Tensor]:
    networks = len(points)
    flat = points.new_empty(networks, sum(each.numel() for each in parameters) // networks)
    return points.new_empty(networks, entries, features), flat


def _remember(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    points, _, tables, fade, ctx.plan, ctx.smooth, parameters, _ = inputs
    ctx.shape = tables[0].shape
    ctx.save_for_backward(points, fade, output[1], *parameters)


def _cotangents(
    ctx: Any, values_bar: Tensor, transpose: Callable[..., tuple[Tensor, Tensor]]
) -> tuple[list[Tensor], list[Tensor]]:
    """Of the tables, and of the parameters."""
    points, fade, inputs, *parameters = ctx.saved_tensors
    tables_bar, flat = transpose(values_bar, points, inputs, fade, ctx.plan, ctx.smooth, parameters, *ctx.shape)
    parts = flat.reshape(-1).split([each.numel() for each in parameters])
    return list(tables_bar.unbind()), [part.reshape(each.shape) for part, each in zip(parts, parameters)]


def _backward(ctx: Any, values_bar: Tensor, inputs_bar: Tensor) -> tuple[Any, ...]:
    tables_bars, bars = _cotangents(ctx, values_bar, perceptron_values_backward)
    return None, None, tables_bars, None, None, None, bars, None


perceptron_values.register_autograd(_backward, setup_context=_remember)


def _has_kernel(points: Tensor, lead: Tensor, weights: Sequence[Tensor]) -> bool:
    return has_numba(points) and not (points.requires_grad or lead.requires_grad) and 2 <= len(weights) <= _LAYERS


def _like_values(
    points: Tensor, lead: Tensor, tables: Sequence[Tensor], fade: Tensor, keep: bool
) -> tuple[Tensor, Tensor]:
    networks, count = points.shape[:2]
    shape = (lead.shape[1] + fade.shape[1] * tables[0].shape[1], count) if keep else (0, 0)
    return points.new_empty(networks, count), points.new_empty(networks, *shape)


def _run_each(kernel: Callable[..., None], calls: int, arguments: Sequence[tuple]) -> None:
    """Let ``kernel(call, calls, *arguments[m])`` do its share of every network m."""

    def one(task: int) -> None:
        network, call = divmod(task, calls)
        kernel(call, calls, *arguments[network])

    run_tasks(one, calls * len(arguments))


def _networks(parameters: Sequence[Tensor], count: int) -> list[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    """The weights and the biases of every network."""
    arrays, layers = tuple(as_array(each) for each in parameters), len(parameters) // count // 2
    parts = [arrays[first : first + layers] for first in range(0, len(arrays), layers)]
    return list(zip(parts[::2], parts[1::2]))


def _room(blocks: int, part: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Zeros of which every block adds to its own."""
    return tuple(np.zeros((blocks, *each.shape), each.dtype) for each in part)


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

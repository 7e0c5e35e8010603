"""A small ReLU network that reads a grid encoding: the usual neural distance field, as one operation.

    y(x) = W_L h_{L-1} + b_L,    h_l = max(0, W_l h_{l-1} + b_l),    h_0 = (lead, phi(x))

phi the features of ``hash_encode``, ``lead`` anything else the network reads. On the CPU one kernel does all of it for
a block of points at a time, forward and backward; elsewhere, and where a gradient has to reach the points, the lines of
PyTorch below are what runs, and what the kernel is held to.
Source: Mueller, Evans, Schied, Keller, Instant Neural Graphics Primitives, SIGGRAPH 2022.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels import numba_hash_encode, numba_hash_perceptron
from diffshape.kernels.threads import run_tasks
from diffshape.ops.grid_layout import GridLayout
from diffshape.ops.hash_encode import hash_encode

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

    >>> grid = GridLayout(levels=2, base=4, finest=8, features=1)
    >>> x, tables = torch.rand(5, 3), torch.ones(grid.entries, 1)
    >>> weights, biases = [torch.ones(4, 2), torch.ones(1, 4)], [torch.zeros(4), torch.ones(1)]
    >>> hash_perceptron(x, x.t()[:0], tables, grid, weights, biases)
    tensor([9., 9., 9., 9., 9.])
    """
    fade = torch.ones(grid.levels).to(tables) if fade is None else fade.detach().to(tables)
    if not _has_kernel(points, lead, weights):
        h = torch.cat([lead, hash_encode(points, tables, grid, fade=fade).t()])
        for weight, bias in zip(weights[:-1], biases[:-1]):
            h = torch.addmm(bias[:, None], weight, h).relu()
        return (weights[-1] @ h + biases[-1][:, None])[0]
    keep = torch.is_grad_enabled() and any(each.requires_grad for each in (tables, *weights, *biases))
    return perceptron_values(points, lead, tables, fade, grid.plan, grid.smooth, [*weights, *biases], keep)[0]


@torch.library.custom_op("diffshape::hash_perceptron", mutates_args=())
def perceptron_values(
    points: Tensor,
    lead: Tensor,
    tables: Tensor,
    fade: Tensor,
    plan: Sequence[float],
    smooth: bool,
    parameters: Sequence[Tensor],
    keep: bool,
) -> tuple[Tensor, Tensor]:
    """Values (N,), and with ``keep`` what the network read, (K + L * F, N); parameters: weights, then biases."""
    values, inputs = _like_values(points, lead, tables, fade, keep)
    arrays = [_array(each) for each in (points, lead, tables, fade, _rows_of(plan))]
    run_tasks(
        numba_hash_perceptron.evaluate,
        _tasks(points),
        *arrays,
        smooth,
        *_layers(parameters),
        values.numpy(),
        inputs.numpy(),
    )
    return values, inputs


@torch.library.custom_op("diffshape::hash_perceptron_backward", mutates_args=())
def perceptron_values_backward(
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
    """Cotangents of the tables, and of the parameters one after another, (P,)."""
    tasks = _tasks(points)
    weights, biases = _layers(parameters)
    transposed = tuple(np.ascontiguousarray(weight.T) for weight in weights)
    weight_bars, bias_bars = (
        tuple(np.zeros((tasks, *each.shape), each.dtype) for each in part) for part in (weights, biases)
    )
    inputs_bar, tables_bar = torch.empty_like(inputs), points.new_empty(entries, features)
    run_tasks(
        numba_hash_perceptron.evaluate_backward,
        tasks,
        _array(values_bar),
        inputs.numpy(),
        weights,
        biases,
        transposed,
        inputs_bar.numpy(),
        weight_bars,
        bias_bars,
    )
    features_bar = inputs_bar[len(inputs) - len(fade) * features :]
    run_tasks(
        numba_hash_encode.encode_backward,
        len(fade),
        _array(points),
        features_bar.numpy(),
        features_bar.new_empty(0, *features_bar.shape).numpy(),
        _array(fade),
        _array(_rows_of(plan)),
        smooth,
        tables_bar.numpy(),
    )
    flat = np.concatenate([each.sum(0).ravel() for each in (*weight_bars, *bias_bars)])
    return tables_bar, torch.from_numpy(flat)


@perceptron_values.register_fake
def _(
    points: Tensor,
    lead: Tensor,
    tables: Tensor,
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
    return points.new_empty(entries, features), points.new_empty(sum(each.numel() for each in parameters))


def _remember(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    points, _, tables, fade, ctx.plan, ctx.smooth, parameters, _ = inputs
    ctx.shape = tables.shape
    ctx.save_for_backward(points, fade, output[1], *parameters)


def _backward(ctx: Any, values_bar: Tensor, inputs_bar: Tensor) -> tuple[Any, ...]:
    points, fade, inputs, *parameters = ctx.saved_tensors
    tables_bar, flat = perceptron_values_backward(
        values_bar, points, inputs, fade, ctx.plan, ctx.smooth, parameters, *ctx.shape
    )
    bars = [part.reshape(each.shape) for part, each in zip(flat.split([p.numel() for p in parameters]), parameters)]
    return None, None, tables_bar, None, None, None, bars, None


perceptron_values.register_autograd(_backward, setup_context=_remember)


def _has_kernel(points: Tensor, lead: Tensor, weights: Sequence[Tensor]) -> bool:
    return (
        points.device.type == "cpu"
        and points.dtype in (torch.float32, torch.float64)
        and not (points.requires_grad or lead.requires_grad)
        and 2 <= len(weights) <= _LAYERS
    )


def _like_values(points: Tensor, lead: Tensor, tables: Tensor, fade: Tensor, keep: bool) -> tuple[Tensor, Tensor]:
    shape = (len(lead) + len(fade) * tables.shape[1], len(points)) if keep else (0, 0)
    return points.new_empty(len(points)), points.new_empty(shape)


def _tasks(points: Tensor) -> int:
    return -(-len(points) // numba_hash_encode.BLOCK)


def _layers(parameters: Sequence[Tensor]) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    arrays = tuple(_array(each) for each in parameters)
    return arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]


def _rows_of(plan: Sequence[float]) -> Tensor:
    return torch.tensor(plan, dtype=torch.float64).reshape(-1, 4)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()

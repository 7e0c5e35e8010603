"""Values of the networks of `hash_perceptrons`, and gradients from them, by the CPU kernel.

Each is a plain function, and an operator of the same arguments, so that a compiler need not look into it. Neither has a
derivative by itself; `perceptron` gives them one.
"""

from collections.abc import Callable
from typing import Sequence  # noqa: UP035 - torch 2.4 makes no operator of another

import numpy as np
import torch
from torch import Tensor

from diffshape.kernels import numba_hash_encode, numba_hash_perceptron
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array
from diffshape.ops.hash_grid.kernel_calls import blocks_of, calls_for, plan_rows
from diffshape.ops.operators import operator


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


values_operator = operator("hash_perceptron")(evaluate)
backward_operator = operator("hash_perceptron_backward")(evaluate_backward)


@torch.library.register_fake(values_operator)
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


@torch.library.register_fake(backward_operator)
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
    """Zeros for the gradients of ``part``, once a block: every block adds to its own."""
    return tuple(np.zeros((blocks, *each.shape), each.dtype) for each in part)

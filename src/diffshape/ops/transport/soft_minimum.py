"""Soft minima of the distances from each point of one set to all of another, without their table.

    softmin_i = -T log sum_j exp(h_j - c_ij / T),     c_ij = |x_i - y_j| or |x_i - y_j|^2

with log-weights h: h_j = -log M makes it the negative exponential mean, which tends to min_j c_ij from above as T -> 0.
It is the step of Sinkhorn's algorithm in the log domain. The table is walked through a block of rows at a time and
never kept. Source: Feydy et al., Interpolating between Optimal Transport and MMD using Sinkhorn Divergences, AISTATS
2019, section 3.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from diffshape.kernels import numba_soft_minimum
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba
from diffshape.ops.neighbors.definition import three_columns
from diffshape.ops.neighbors.squared_distances import distance_from_squared
from diffshape.ops.operators import operator
from diffshape.ops.transforms import is_transformed

PAIRS = 1 << 20
"""Pairs of points looked at together, which bounds the memory of the reference."""


def soft_minimum(
    x: Float[Tensor, "b n d"],
    y: Float[Tensor, "b m d"],
    log_weights: Float[Tensor, "b m"],
    temperature: Float[Tensor, "b"],
    *,
    squared: bool,
) -> Float[Tensor, "b n"]:
    """-T log sum_j exp(h_j - c_ij / T) for every point, c_ij = |x_i - y_j| or its square.

    Args:
        x: Points, shape (B, N, D), float32 or float64, finite.
        y: Points, shape (B, M, D), same dtype and device.
        log_weights: h, shape (B, M); -inf leaves a point out, but not all of a sample. A constant: no gradient.
        temperature: T > 0, shape (B,), in the unit of c. A constant.
        squared: Whether c is the squared distance or the distance.

    Returns:
        Shape (B, N), in the unit of c; twice differentiable in ``x`` and ``y``, with gradient 0 of a distance 0. Time
        O(N M), memory O(N + M). On the CPU a Numba kernel computes values and first derivatives in up to three
        dimensions, PyTorch the rest.

    >>> x = torch.zeros(1, 1, 3)
    >>> y, halves = torch.tensor([[[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]]), torch.tensor([[0.5, 0.5]])
    >>> soft_minimum(x, y, halves.log(), torch.tensor([0.01]), squared=False)  # 1 + 0.01 log 2
    tensor([[1.0069]])
    """
    if is_transformed(x, y):
        return soft_minimum_by_definition(x, y, log_weights.detach(), temperature.detach(), squared)
    return soft_minimum_values(x, y, log_weights.detach(), temperature.detach(), squared)


def pair_costs(x: Float[Tensor, "b n d"], y: Float[Tensor, "b m d"], squared: bool) -> Float[Tensor, "b n m"]:
    """The table c_ij from explicit differences."""
    total = torch.zeros((), dtype=x.dtype, device=x.device)
    for x_column, y_column in zip(x.unbind(-1), y.unbind(-1)):
        total = total + (x_column[:, :, None] - y_column[:, None]).square()
    return total if squared else distance_from_squared(total)


def by_rows(function: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> Tensor:
    """``function(rows of x, y)`` for blocks of rows, one after the other, joined along dimension 1.

    What a block computes is forgotten and computed again in the backward pass, so no more than a block is ever kept;
    only the transforms of ``torch.func`` keep it all.
    """
    if not torch.is_grad_enabled() or is_transformed(x, y):  # a transform cannot go through a checkpoint
        return torch.cat([function(part, y) for part in _blocks(x, y)], dim=1)
    blocks = [checkpoint(function, part, y, use_reentrant=False, preserve_rng_state=False) for part in _blocks(x, y)]
    return torch.cat(blocks, dim=1)  # pyright: ignore[reportArgumentType]


def soft_minimum_by_definition(x: Tensor, y: Tensor, log_weights: Tensor, temperature: Tensor, squared: bool) -> Tensor:
    """The formula in PyTorch, any device, any float dtype, differentiable to any order."""

    def block(rows: Tensor, y: Tensor) -> Tensor:
        scores = log_weights[:, None] - pair_costs(rows, y, squared) / temperature[:, None, None]
        return -temperature[:, None] * torch.logsumexp(scores, -1)

    return by_rows(block, x, y)


@operator("soft_minimum")
def soft_minimum_values(x: Tensor, y: Tensor, log_weights: Tensor, temperature: Tensor, squared: bool) -> Tensor:
    """``soft_minimum_by_definition``, by a kernel where there is one."""
    if not _has_kernel(x):
        return soft_minimum_by_definition(x, y, log_weights, temperature, squared)
    values = x.new_empty(x.shape[:2])
    arrays = _rows(x), _columns(y), as_array(log_weights), as_array(temperature)
    tasks, size = numba_soft_minimum.share(*arrays[:2])
    run_tasks(numba_soft_minimum.soft_minimum, tasks, size, *arrays, squared, values.numpy())
    return values


@operator("soft_minimum_backward")
def soft_minimum_backward(
    x: Tensor, y: Tensor, log_weights: Tensor, temperature: Tensor, squared: bool, values: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor]:
    """The gradient in x and in y, where p_ij = exp(h_j + (values_i - c_ij) / T): each side is pulled by the other."""
    scores, ones = values / temperature[:, None], torch.ones_like(log_weights)
    x_pull = pull(x, y, scores, log_weights, ones, temperature, squared)
    return x_pull * grad[..., None], pull(y, x, log_weights, scores, grad, temperature, squared)


def pull(
    rows: Float[Tensor, "b n d"],
    columns: Float[Tensor, "b m d"],
    row_scores: Float[Tensor, "b n"],
    scores: Float[Tensor, "b m"],
    weights: Float[Tensor, "b m"],
    temperature: Float[Tensor, "b"],
    squared: bool,
) -> Float[Tensor, "b n d"]:
    """sum_j w_j p_ij dc_ij / dx_i for every row, where p_ij = exp(u_i + v_j - c_ij / T) must not exceed 1."""
    if not _has_kernel(rows):
        return _pull_by_definition(rows, columns, row_scores, scores, weights, temperature, squared)
    result = rows.new_empty(*rows.shape[:2], 3)
    arrays = _rows(rows), _columns(columns), *map(as_array, (row_scores, scores, weights, temperature))
    tasks, size = numba_soft_minimum.share(*arrays[:2])
    run_tasks(numba_soft_minimum.soft_minimum_pull, tasks, size, *arrays, squared, result.numpy())
    return result[..., : rows.shape[-1]].contiguous()


def _pull_by_definition(
    rows: Tensor,
    columns: Tensor,
    row_scores: Tensor,
    scores: Tensor,
    weights: Tensor,
    temperature: Tensor,
    squared: bool,
) -> Tensor:
    """`pull` in PyTorch, a block of rows at a time."""
    results = []
    for part, part_scores in zip(_blocks(rows, columns), _blocks(row_scores, columns)):
        costs = pair_costs(part, columns, squared)
        exponents = part_scores[:, :, None] + scores[:, None] - costs / temperature[:, None, None]
        slopes = 2.0 if squared else torch.where(costs > 0, 1 / torch.where(costs > 0, costs, 1), 0)
        shares = weights[:, None] * exponents.exp() * slopes
        axes = zip(part.unbind(-1), columns.unbind(-1))
        results.append(torch.stack([(shares * (x[:, :, None] - y[:, None])).sum(-1) for x, y in axes], -1))
    return torch.cat(results, 1)


def _blocks(rows: Tensor, columns: Tensor) -> tuple[Tensor, ...]:
    """Blocks of rows whose tables against all columns hold about PAIRS pairs."""
    return rows.split(max(1, PAIRS // max(1, columns.shape[0] * columns.shape[1])), dim=1)


@torch.library.register_fake(soft_minimum_values)
def _(x: Tensor, y: Tensor, log_weights: Tensor, temperature: Tensor, squared: bool) -> Tensor:
    return x.new_empty(x.shape[:2])


@torch.library.register_fake(soft_minimum_backward)
def _(
    x: Tensor, y: Tensor, log_weights: Tensor, temperature: Tensor, squared: bool, values: Tensor, grad: Tensor
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(y)


def _remember(ctx: Any, inputs: tuple, output: Tensor) -> None:
    x, y, log_weights, temperature, ctx.squared = inputs
    ctx.save_for_backward(x, y, log_weights, temperature, output)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, y, log_weights, temperature, values = ctx.saved_tensors
    arguments = x, y, log_weights, temperature, ctx.squared, values.detach(), grad.contiguous()
    return *soft_minimum_backward(*arguments), None, None, None


def _remember_backward(ctx: Any, inputs: tuple, output: tuple[Tensor, Tensor]) -> None:
    x, y, log_weights, temperature, ctx.squared, _, grad = inputs
    ctx.save_for_backward(x, y, log_weights, temperature, grad)


def _double_backward(ctx: Any, x_bar: Tensor, y_bar: Tensor) -> tuple[Tensor | None, ...]:
    """Derivatives of the gradient itself, by the definition; ``values`` follows from the points, so it gets none."""
    x, y, log_weights, temperature, grad = ctx.saved_tensors
    with torch.enable_grad():
        x, y, grad = (each.detach().requires_grad_() for each in (x, y, grad))
        values = soft_minimum_by_definition(x, y, log_weights, temperature, ctx.squared)
        gradients = torch.autograd.grad(values, (x, y), grad, create_graph=True)
        x_second, y_second, grad_bar = torch.autograd.grad(gradients, (x, y, grad), (x_bar, y_bar))
    return x_second, y_second, None, None, None, None, grad_bar


torch.library.register_autograd(soft_minimum_values, _backward, setup_context=_remember)
torch.library.register_autograd(soft_minimum_backward, _double_backward, setup_context=_remember_backward)


def _has_kernel(x: Tensor) -> bool:
    return has_numba(x) and x.dtype == torch.float32


def _rows(points: Tensor) -> np.ndarray:
    """(B, N, 3), with zeros where there are fewer coordinates."""
    return as_array(three_columns(points))


def _columns(points: Tensor) -> np.ndarray:
    """(B, 3, M): one coordinate after the other, as vector instructions want them."""
    return as_array(three_columns(points).mT)

"""The nearest neighbours of two batches of clouds in one another, on the CPU: one preparation serves both directions.

What two calls of `nearest_neighbors` give, bit for bit, without an operator in between: for calls that nothing but
``backward`` observes, of which small clouds need many a second.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.kernels.numba_all_pairs import FEW_PAIRS, nearest_of_all
from diffshape.kernels.numba_kdtree import build_tree, query_tree
from diffshape.kernels.numba_pair_gradient import both_gradients
from diffshape.kernels.numba_tiles import Tiles, build_tiles, orders, query_tiles
from diffshape.kernels.threads import run_tasks
from diffshape.ops.engines import as_array, has_numba
from diffshape.ops.neighbors.definition import three_columns
from diffshape.ops.neighbors.index import threads_for
from diffshape.ops.neighbors.nearest import pair_gradient
from diffshape.ops.transforms import is_unobserved


def can_search_both_ways(x: Float[Tensor, "b n d"], y: Float[Tensor, "b m d"]) -> bool:
    """Whether `search_both_ways` takes these clouds, which share dtype and device."""
    return has_numba(x) and x.numel() > 0 and y.numel() > 0 and is_unobserved(x, y)


def search_both_ways(
    x: Float[Tensor, "b n d"], y: Float[Tensor, "b m d"]
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Squared distances, twice differentiable, and indices (B, N) from x to y and (B, M) from y to x; finite points."""
    x_squared, y_squared, x_indices, y_indices = _BothWays.apply(x, y)
    return (x_squared, x_indices), (y_squared, y_indices)


def mean_both_ways(x: Float[Tensor, "b n d"], y: Float[Tensor, "b m d"]) -> Float[Tensor, "b"]:
    """mean_i min_j |x_i - y_j|^2 + mean_j min_i |x_i - y_j|^2 of each sample; twice differentiable, finite points."""
    return _MeanBothWays.apply(x, y)


class _BothWays(torch.autograd.Function):
    """Squared distances to the nearest, with the neighbours held fixed in the derivatives."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        found = tuple(map(torch.from_numpy, _search(_as_points(x), _as_points(y))))
        ctx.save_for_backward(x, y, *found[2:])
        ctx.mark_non_differentiable(*found[2:])
        return found

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        pairs = *ctx.saved_tensors, *grads[:2]
        return _gradients_by_operators(*pairs) if torch.is_grad_enabled() else _gradients(*map(as_array, pairs))


class _MeanBothWays(torch.autograd.Function):
    """The sum of both means of squared distances, with the neighbours held fixed in the derivatives.

    The gradient is taken at once, while the points are at hand: backward only multiplies it.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        found = _search(_as_points(x), _as_points(y))
        x_squared, y_squared, x_indices, y_indices = map(torch.from_numpy, found)
        if any(ctx.needs_input_grad):
            weights = (np.full(each.shape, 1 / each.shape[1], each.dtype) for each in found[:2])
            gradients = _gradients(as_array(x), as_array(y), *found[2:], *weights)
            ctx.save_for_backward(x, y, x_indices, y_indices, *gradients)
        return x_squared.mean(-1) + y_squared.mean(-1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, y, x_indices, y_indices, *gradients = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted
            weights = ((grad / each.shape[1])[:, None].expand_as(each) for each in (x_indices, y_indices))
            return _gradients_by_operators(x, y, x_indices, y_indices, *weights)
        return tuple(
            grad[:, None, None] * each if wanted else None for each, wanted in zip(gradients, ctx.needs_input_grad)
        )


def _gradients(x, y, x_indices, y_indices, x_weights, y_weights) -> tuple[Tensor, Tensor]:
    """Gradients in x and y, given as arrays, of the weighted sums of both kinds of squared distances."""
    gradients = np.zeros_like(x), np.zeros_like(y)
    columns = (each[..., None] for each in (x_indices, y_indices, x_weights, y_weights))
    run_tasks(both_gradients, len(x), x, y, *columns, *gradients, threads=threads_for(x))
    return torch.from_numpy(gradients[0]), torch.from_numpy(gradients[1])


def _gradients_by_operators(
    x: Tensor, y: Tensor, x_indices: Tensor, y_indices: Tensor, x_weights: Tensor, y_weights: Tensor
) -> tuple[Tensor, Tensor]:
    """The same gradients, differentiable."""
    x_own, y_other = pair_gradient(x, y, x_indices[..., None], x_weights[..., None])
    y_own, x_other = pair_gradient(y, x, y_indices[..., None], y_weights[..., None])
    return x_own + x_other, y_own + y_other


def _as_points(points: Tensor) -> np.ndarray:
    return three_columns(points.detach()).numpy()


def _search(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Squared distances from x and from y, then indices."""
    if x.shape == y.shape:
        both, batch = np.concatenate([x, y]), len(x)
        if x.shape[1] * y.shape[1] <= FEW_PAIRS:
            squared, indices = np.empty(both.shape[:2], both.dtype), np.empty(both.shape[:2], np.int64)
            run_tasks(nearest_of_all, 2 * batch, both, both, batch, squared, indices, threads=threads_for(both))
            return squared[:batch], squared[batch:], indices[:batch], indices[batch:]
        tiles = build_tiles(both, threads_for(both))
        squared, indices = _ask(both, tiles, both, tiles, shift=batch)
        return squared[:batch], squared[batch:], indices[:batch], indices[batch:]
    x_tiles, y_tiles = build_tiles(x, threads_for(x)), build_tiles(y, threads_for(y))
    (x_squared, x_indices), (y_squared, y_indices) = _ask(y, y_tiles, x, x_tiles), _ask(x, x_tiles, y, y_tiles)
    return x_squared, y_squared, x_indices, y_indices


def _ask(
    points: np.ndarray, tiles: Tiles, queries: np.ndarray, asking: Tiles, shift: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances and indices of the nearest; the queries of cloud b ask cloud b + shift, counted round."""
    squared, indices = np.empty(queries.shape[:2], queries.dtype), np.full(queries.shape[:2], -1)
    threads = threads_for(queries)
    query_tiles(tiles, asking, squared, indices, threads, shift)
    if (indices < 0).any():
        tree = build_tree(np.roll(points, -shift, axis=0), threads_for(points))
        query_tree(tree, queries, orders(asking, queries.shape[1]), squared[..., None], indices[..., None], threads)
    return squared, indices

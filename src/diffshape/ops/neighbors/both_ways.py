"""The nearest neighbours of two batches of clouds in one another, on the CPU: one preparation serves both directions.

What two calls of `nearest_neighbors` give, bit for bit, without an operator in between: for calls that nothing but
``backward`` observes, of which small clouds need many a second.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

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


class _BothWays(torch.autograd.Function):
    """Squared distances to the nearest, with the neighbours held fixed in the derivatives."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        found = tuple(map(torch.from_numpy, _search(*(three_columns(each.detach()).numpy() for each in (x, y)))))
        ctx.save_for_backward(x, y, *found[2:])
        ctx.mark_non_differentiable(*found[2:])
        return found

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, y, x_indices, y_indices = ctx.saved_tensors
        pairs = x, y, x_indices, y_indices, *grads[:2]
        if torch.is_grad_enabled():  # a second derivative is wanted
            return _gradients_by_operators(*pairs)
        x_array, y_array, *others = map(as_array, pairs)
        gradients = torch.zeros(x.shape, dtype=x.dtype), torch.zeros(y.shape, dtype=y.dtype)
        arrays = [each[..., None] for each in others]
        threads = threads_for(x_array)
        run_tasks(both_gradients, len(x), x_array, y_array, *arrays, *map(as_array, gradients), threads=threads)
        return gradients


def _gradients_by_operators(
    x: Tensor, y: Tensor, x_indices: Tensor, y_indices: Tensor, x_weights: Tensor, y_weights: Tensor
) -> tuple[Tensor, Tensor]:
    """The gradients in x and y, differentiable."""
    x_own, y_other = pair_gradient(x, y, x_indices[..., None], x_weights[..., None])
    y_own, x_other = pair_gradient(y, x, y_indices[..., None], y_weights[..., None])
    return x_own + x_other, y_own + y_other


def _search(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """Squared distances from x and from y, then indices."""
    batch = len(x)
    if x.shape != y.shape:
        x_tiles, y_tiles = build_tiles(x, threads_for(x)), build_tiles(y, threads_for(y))
        (x_squared, x_indices), (y_squared, y_indices) = (
            _ask(y, y_tiles, x, x_tiles),
            _ask(x, x_tiles, y, y_tiles),
        )
        return x_squared, y_squared, x_indices, y_indices
    both = np.concatenate([x, y])
    tiles = build_tiles(both, threads_for(both))
    squared, indices = _ask(both, tiles, both, tiles, shift=batch)
    return squared[:batch], squared[batch:], indices[:batch], indices[batch:]


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

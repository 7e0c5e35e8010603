"""Nearest neighbours in the Manhattan metric, which adds up the differences along the axes."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.neighbors.arguments import Missing, as_searched, read_missing, require_matching
from diffshape.ops.neighbors.definition import require_k, search_dtype
from diffshape.ops.neighbors.gather_points import gather_rows
from diffshape.ops.neighbors.search_pairs import search_pairs
from diffshape.ops.operators import operator


class ManhattanNeighbors(NamedTuple):
    """Nearest neighbours of N points; without the last axis for k = 1."""

    distances: Float[Tensor, "*b n_k"]
    """Distances sum_d |x_d - y_d|."""
    indices: Int[Tensor, "*b n_k"]

    __repr__ = one_line


@checked
def manhattan_neighbors(
    x: Shaped[Tensor, "*b n d"],
    y: Shaped[Tensor, "*b m d"],
    *,
    k: int = 1,
    missing: Missing = "raise",
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
) -> ManhattanNeighbors:
    """The k points of ``y`` nearest to each point of ``x`` by sum_d |x_d - y_d|, the L1 metric.

    These are other neighbours than the Euclidean ones of `nearest_neighbors`, and they change when the axes turn.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u; N may be 0.
        y: Points to search, shape (B, M, D) or (M, D), same unit, dtype and device, M >= k.
        k: Neighbours a point.
        missing: What happens where ``y`` has fewer than k real points: "raise" is an error; "pad" gives the neighbours
            that do not exist distance infinity, index -1 and no gradient.
        x_mask: Which points of ``x`` are real; the others get distance 0 and index 0.
        y_mask: Which points of ``y`` can be found. Masked points may hold NaN.

    Returns:
        ``distances`` in u and int64 ``indices`` into the points of ``y``: shape (B, N) or (N,) for k = 1, else
        (B, N, k) or (N, k), ascending; equal distances go to the lowest index. Half precision is computed and returned
        in float32, integers in float64.

    Raises:
        ValueError: The shapes, dtypes or devices disagree, ``y`` is empty or ``k`` is not in 1..M (both allowed by
            "pad"), or the coordinate of a real point is not finite.

    The distances are differentiable in ``x`` and ``y``, with slope 0 along an axis on which two points agree. Exact. On
    the CPU in up to three dimensions a k-d tree takes O((N + M) log M); elsewhere all pairs are compared, in pieces.

    >>> x = torch.tensor([[0.0, 0.0]])
    >>> y = torch.tensor([[2.0, 2.0], [0.0, 3.0]])  # the first is nearer in a straight line
    >>> distances, indices = manhattan_neighbors(x, y)
    >>> distances, indices
    (tensor([3.]), tensor([1]))
    """
    name = "manhattan_neighbors"
    pad = read_missing(name, missing)
    x, y = (search_dtype(each) if each.is_floating_point() else each for each in (x, y))
    require_matching(name, x, y, or_none=pad)
    require_k(name, k, max(k, y.shape[-2]) if pad else y.shape[-2])
    shape = x.shape[:-1] if k == 1 else (*x.shape[:-1], k)
    x, x_mask = as_searched(name, "x_mask", x, x_mask)
    y, y_mask = as_searched(name, "y_mask", y, y_mask)
    indices = manhattan_indices(x.detach(), y.detach(), k, x_mask, y_mask, pad)
    if y.shape[-2] == 0:
        return ManhattanNeighbors(x.new_full(shape, torch.inf), indices.reshape(shape))
    distances = (x[:, :, None] - gather_rows(y, indices.clamp(min=0))).abs().sum(-1)
    distances = torch.where(indices < 0, torch.inf, distances)
    if x_mask is not None:
        distances = torch.where(x_mask[..., None], distances, 0)
    return ManhattanNeighbors(distances.reshape(shape), indices.reshape(shape))


@operator("manhattan_indices")
def manhattan_indices(
    x: Tensor, y: Tensor, k: int, x_mask: Tensor | None = None, y_mask: Tensor | None = None, pad: bool = False
) -> Tensor:
    """Indices (B, N, k) of the points in (B, M, D) nearest to (B, N, D) ones; -1 where ``pad`` allows fewer than k."""
    return search_pairs("manhattan_neighbors", x, y, k, x_mask, y_mask, pad=pad, manhattan=True).indices


@torch.library.register_fake(manhattan_indices)
def _(
    x: Tensor, y: Tensor, k: int, x_mask: Tensor | None = None, y_mask: Tensor | None = None, pad: bool = False
) -> Tensor:
    return x.new_empty((*x.shape[:2], k), dtype=torch.int64)

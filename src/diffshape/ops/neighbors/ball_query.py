"""Neighbours within a radius: the nearest ones first, up to a number."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.ops.neighbors.nearest import nearest_neighbors


class BallNeighbors(NamedTuple):
    """Up to k neighbours of N points within a radius, nearest first."""

    squared_distances: Float[Tensor, "*b n k"]
    """Squared distances, infinity where there is no neighbour."""
    indices: Int[Tensor, "*b n k"]
    """Indices, -1 where there is no neighbour."""
    counts: Int[Tensor, "*b n"]
    """Number of neighbours found; where it is k there may be more."""

    __repr__ = one_line


@checked
def ball_query(
    x: Shaped[Tensor, "*b n d"],
    y: Shaped[Tensor, "*b m d"],
    *,
    radius: float,
    k: int,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
) -> BallNeighbors:
    """The points of ``y`` with |x_i - y_j| <= radius, at most k for each point of ``x``.

    If there are more than k, the k nearest are returned. (PyTorch3D and PointNet++ return the k of lowest index, which
    depends on the order of the points; where no ball holds more than k, both return the same set.)

    Args:
        x: Centers of the balls, shape (B, N, D) or (N, D), in any unit of length u; N may be 0.
        y: Points to search, shape (B, M, D) or (M, D), same unit, dtype and device; M may be 0 and less than k.
        radius: In u, >= 0. A point at exactly this distance is inside, up to the rounding of its square.
        k: The most neighbours a point, >= 1.
        x_mask: Which centers are real; the others have no neighbour.
        y_mask: Which points of ``y`` can be found. Masked points may hold NaN.

    Returns:
        See :class:`BallNeighbors`: ``squared_distances`` in u^2 and int64 ``indices``, shape (B, N, k) or (N, k),
        ascending, equal distances by index, padded with infinity and -1; and int64 ``counts``, shape (B, N) or (N,).
        Half precision is computed and returned in float32.

    Raises:
        ValueError: The shapes, dtypes or devices disagree, ``radius`` or ``k`` is out of range, or the coordinate of a
            real point is not finite.

    The squared distances are twice differentiable in ``x`` and ``y``; what is padded has no gradient. Exact, by the
    search of `nearest_neighbors`, whose cost it has. `ops.gather_points` turns the indices into points.

    >>> y = torch.tensor([[0.0], [1.0], [2.0], [5.0]])
    >>> found = ball_query(torch.tensor([[0.5], [9.0]]), y, radius=1.5, k=3)
    >>> found.indices, found.counts
    (tensor([[ 0,  1,  2],
            [-1, -1, -1]]), tensor([3, 0]))
    """
    if not 0 <= radius < torch.inf:
        raise ValueError(f"ball_query: radius must be finite and 0 or more, got {radius}")
    if not isinstance(k, int) or k < 1:
        raise ValueError(f"ball_query: k must be an integer of 1 or more, got {k!r}")
    found = nearest_neighbors(x, y, k=k, missing="pad", x_mask=x_mask, y_mask=y_mask)
    squared_distances, indices = (each.reshape(*x.shape[:-1], k) for each in found)
    inside = (squared_distances <= radius * radius) & (indices >= 0)
    if x_mask is not None:
        inside &= x_mask[..., None]
    return BallNeighbors(
        torch.where(inside, squared_distances, torch.inf), torch.where(inside, indices, -1), inside.sum(-1)
    )

"""The Chamfer distance before it is reduced: one distance and one index a point, in both directions."""

from typing import Literal, NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.losses.points.arguments import distances_both_ways, read_point_sets, read_squared


class ChamferPoints(NamedTuple):
    """How far each point is from the other set, and from which point of it."""

    x_distances: Float[Tensor, "*b n"]
    """From each point of x to the nearest of y; 0 where masked."""
    y_distances: Float[Tensor, "*b m"]
    """From each point of y to the nearest of x; 0 where masked."""
    x_indices: Int[Tensor, "*b n"]
    """Which point of y is nearest to each of x; 0 where masked."""
    y_indices: Int[Tensor, "*b m"]
    """Which point of x is nearest to each of y; 0 where masked."""

    __repr__ = one_line


@checked
def chamfer_per_point(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    squared: bool | None = None,
    norm: Literal[1, 2] = 2,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
) -> ChamferPoints:
    """The terms of which `chamfer_distance` is the mean: a_i = min_j |x_i - y_j|^q and b_j = min_i |x_i - y_j|^q.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device; M may differ from N.
        squared: Squared distances (q = 2), in u^2, or plain ones (q = 1), in u; by default squared for ``norm=2``, and
            plain for ``norm=1``, which has no others.
        norm: 2 for Euclidean distances; 1 for Manhattan ones, sum_d |x_d - y_d|.
        x_mask: Which points of ``x`` are real; masked ones may hold anything and are neither counted nor found.
        y_mask: Which points of ``y`` are real.

    Returns:
        See :class:`ChamferPoints`: distances >= 0, float32 for half precision, else the dtype of ``x``; int64 indices,
        of equally near points the lowest, to be used with `ops.gather_points`.

    Raises:
        ValueError: A shape, dtype or device does not fit, a sample has no real point, or a coordinate is not finite.

    Both directions come from one search where the sets have equally many points. Differentiable as `chamfer_distance`.

    >>> import torch
    >>> x = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    >>> found = chamfer_per_point(x, torch.tensor([[0.0, 0.0, 1.0]]))
    >>> found.x_distances, found.y_distances, found.x_indices, found.y_indices
    (tensor([ 1., 10.]), tensor([1.]), tensor([0, 0]), tensor([0]))
    """
    name = "chamfer_per_point"
    squared = read_squared(name, squared, norm)
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask)
    (x_distances, x_indices), (y_distances, y_indices) = distances_both_ways(x_set, y_set, squared=squared, norm=norm)
    x_shape, y_shape = x.shape[:-1], y.shape[:-1]
    return ChamferPoints(
        x_distances.reshape(x_shape),
        y_distances.reshape(y_shape),
        x_indices.reshape(x_shape),
        y_indices.reshape(y_shape),
    )

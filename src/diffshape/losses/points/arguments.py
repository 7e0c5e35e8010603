"""How every loss on point sets reads its arguments: shapes, masks, weights and precision, checked once and alike."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.losses.reduction import check_mask, check_same_kind
from diffshape.ops import manhattan_neighbors, nearest_neighbors
from diffshape.ops.checks import coordinate_limit, kept_when_compiled, require_finite, widened
from diffshape.ops.neighbors.both_ways import can_search_both_ways, search_both_ways
from diffshape.ops.neighbors.squared_distances import distance_from_squared


class PointSet(NamedTuple):
    """One side of a loss: clouds of N points, of which the masked ones are absent."""

    points: Float[Tensor, "b n d"]
    """float32 or float64, 0 in masked places."""
    mask: Bool[Tensor, "b n"] | None
    """True = real; None if every point is."""
    weights: Float[Tensor, "b n"] | None
    """0 in masked places; None if every point is real and counts 1."""

    @property
    def masses(self) -> Float[Tensor, "b n"]:
        """The weights, written out."""
        return self.points.new_ones(self.points.shape[:-1]) if self.weights is None else self.weights

    def mean(self, values: Float[Tensor, "b n"]) -> Float[Tensor, "b"]:
        """Weighted mean over the real points of each sample."""
        return values.mean(-1) if self.weights is None else self.sum(values) / self.weights.sum(-1)

    def sum(self, values: Float[Tensor, "b n"]) -> Float[Tensor, "b"]:
        """Weighted sum over the real points of each sample."""
        return values.sum(-1) if self.weights is None else (self.weights * values).sum(-1)


def read_point_sets(
    function: str,
    x: Tensor,
    y: Tensor,
    *,
    x_mask: Tensor | None = None,
    y_mask: Tensor | None = None,
    x_weights: Tensor | None = None,
    y_weights: Tensor | None = None,
) -> tuple[PointSet, PointSet]:
    """Both sides of a loss, batched, or a ValueError that names the argument.

    Accepts (B, N, D) with (B, M, D), or (N, D) with (M, D) as a batch of one. Half precision becomes float32. Masked
    points may hold anything, NaN too. Every sample needs a real point on each side, finite coordinates, and weights
    that are not negative and not all 0.
    """
    if x.ndim not in (2, 3) or not x.is_floating_point():
        raise ValueError(
            f"{function}: x must be floating point, shape (B, N, D) or (N, D), got {x.dtype}, {tuple(x.shape)}"
        )
    if y.ndim != x.ndim or y.shape[:-2] != x.shape[:-2] or y.shape[-1] != x.shape[-1]:
        wanted = ", ".join(map(str, (*x.shape[:-2], "M", x.shape[-1])))
        raise ValueError(f"{function}: y must have shape ({wanted}) like x, got {tuple(y.shape)}")
    x, y = widened(x), widened(y)
    check_same_kind(function, ("x", x), ("y", y))
    return (
        _read_point_set(function, "x", x, x_mask, x_weights),
        _read_point_set(function, "y", y, y_mask, y_weights),
    )


def read_squared(function: str, squared: bool | None, norm: int) -> bool:
    """Whether distances are squared: what was asked for, else yes for the Euclidean norm and no for Manhattan's."""
    if norm not in (1, 2):
        raise ValueError(f"{function}: norm must be 2 (Euclidean) or 1 (Manhattan), got {norm!r}")
    if norm == 1 and squared:
        raise ValueError(f"{function}: norm=1 takes no squared=True: Manhattan distances are never squared")
    return norm == 2 if squared is None else squared


def distances_to_nearest(
    points: PointSet, others: PointSet, *, squared: bool, norm: int = 2
) -> tuple[Float[Tensor, "b n"], Int[Tensor, "b n"]]:
    """How far each point of one set is from the nearest of the other, and which that is; 0 where masked."""
    if norm == 1:
        return manhattan_neighbors(points.points, others.points, x_mask=points.mask, y_mask=others.mask)
    distances, indices = nearest_neighbors(points.points, others.points, x_mask=points.mask, y_mask=others.mask)
    return distances if squared else distance_from_squared(distances), indices


def distances_both_ways(x: PointSet, y: PointSet, *, squared: bool, norm: int = 2) -> Iterator[tuple[Tensor, Tensor]]:
    """`distances_to_nearest` from x to y and from y to x, in one search where there is one for both."""
    if norm == 2 and x.mask is None and y.mask is None and can_search_both_ways(x.points, y.points):
        found = search_both_ways(x.points, y.points)
        return iter((each if squared else distance_from_squared(each), indices) for each, indices in found)
    if x.points.shape != y.points.shape:
        return iter(distances_to_nearest(*pair, squared=squared, norm=norm) for pair in ((x, y), (y, x)))
    distances, indices = distances_to_nearest(_stack(x, y), _stack(y, x), squared=squared, norm=norm)
    return zip(distances.chunk(2), indices.chunk(2))


def _stack(first: PointSet, second: PointSet) -> PointSet:
    """The points of one set and then those of another, as so many more samples."""
    mask = None
    if first.mask is not None or second.mask is not None:
        mask = torch.cat([_mask_or_all(first), _mask_or_all(second)])
    return PointSet(torch.cat([first.points, second.points]), mask, None)


def _mask_or_all(points: PointSet) -> Bool[Tensor, "b n"]:
    return torch.ones_like(points.masses, dtype=torch.bool) if points.mask is None else points.mask


def _read_point_set(function: str, name: str, points: Tensor, mask: Tensor | None, weights: Tensor | None) -> PointSet:
    """One side, its other side already known to fit."""
    check_mask(function, mask, points.shape[:-1], f"{name} without its last dimension", argument=f"{name}_mask")
    if weights is not None and weights.shape != points.shape[:-1]:
        raise ValueError(
            f"{function}: {name}_weights must have shape {tuple(points.shape[:-1])}, one a point of {name}, "
            f"got {tuple(weights.shape)}"
        )
    if points.ndim == 2:
        points = points[None]
        mask, weights = (None if each is None else each[None] for each in (mask, weights))
    if weights is not None:
        weights = weights.to(points)
    if mask is not None:
        points = torch.where(mask[..., None], points, 0)
        weights = mask.to(points) if weights is None else torch.where(mask, weights, 0)
    return PointSet(check_values(function, name, points, weights), mask, weights)


@kept_when_compiled
def check_values(function: str, name: str, points: Tensor, weights: Tensor | None) -> None:
    """Refuse points that are not finite, weights that are not finite or are negative, and samples without a point."""
    require_finite(function, name, points, coordinate_limit(points.dtype, points.shape[-1], points.shape[-2]))
    if weights is not None and not bool(((weights >= 0).all(-1) & weights.sum(-1).isfinite()).all()):
        raise ValueError(f"{function}: {name}_weights must be finite and not negative")
    if points.shape[-2] == 0 or (weights is not None and not weights.any(-1).all()):
        raise ValueError(f"{function}: every sample of {name} needs a point that is neither masked nor of weight 0")

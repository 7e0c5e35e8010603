"""How every loss on point sets reads its arguments: shapes, masks, weights and precision, checked once and alike."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.losses.reduction import check_mask
from diffshape.ops import nearest_neighbors


class PointSet(NamedTuple):
    """One side of a loss: clouds of N points, of which the masked ones are absent."""

    points: Float[Tensor, "b n d"]
    """float32 or float64, 0 in masked places."""
    mask: Bool[Tensor, "b n"] | None
    """True = real; None if every point is."""
    weights: Float[Tensor, "b n"]
    """1 a real point unless the caller gave other weights; 0 in masked places."""

    def mean(self, values: Float[Tensor, "b n"]) -> Float[Tensor, "b"]:
        """Weighted mean over the real points of each sample."""
        return self.sum(values) / self.weights.sum(-1)

    def sum(self, values: Float[Tensor, "b n"]) -> Float[Tensor, "b"]:
        """Weighted sum over the real points of each sample."""
        return (self.weights * values).sum(-1)


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
    if x.dtype != y.dtype or x.device != y.device:
        raise ValueError(
            f"{function}: x and y must share dtype and device, got {x.dtype} on {x.device} and {y.dtype} on {y.device}"
        )
    return (
        _read_point_set(function, "x", x, x_mask, x_weights),
        _read_point_set(function, "y", y, y_mask, y_weights),
    )


def distances_to_nearest(
    points: PointSet, others: PointSet, *, squared: bool
) -> tuple[Float[Tensor, "b n"], Int[Tensor, "b n"]]:
    """How far each point of one set is from the nearest of the other, and which that is; 0 where masked."""
    distances, indices = nearest_neighbors(points.points, others.points, x_mask=points.mask, y_mask=others.mask)
    return distances if squared else distance_from_squared(distances), indices


def distance_from_squared(squared: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """The square root, with subgradient 0 at 0 where its derivative is infinite.

    >>> distance_from_squared(torch.tensor([4.0, 0.0]))
    tensor([2., 0.])
    """
    positive = squared > 0
    return torch.where(positive, torch.where(positive, squared, 1).sqrt(), 0)


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
    if points.dtype not in (torch.float32, torch.float64):
        points = points.float()
    weights = points.new_ones(points.shape[:-1]) if weights is None else weights.to(points)
    if mask is not None:
        points = torch.where(mask[..., None], points, 0)
        weights = torch.where(mask, weights, 0)
    counted = check_values(function, name, points.detach(), weights.detach())
    return PointSet(points, mask, weights * counted)


@torch.library.custom_op("diffshape::check_values", mutates_args=())
def check_values(function: str, name: str, points: Tensor, weights: Tensor) -> Tensor:
    """1, to multiply by, if points and weights can be used: the compiler sees one operator that must run."""
    if not torch.isfinite(points).all():
        raise ValueError(f"{function}: {name} has non-finite coordinates; remove or mask those points first")
    if not ((weights >= 0) & (weights < torch.inf)).all():
        raise ValueError(f"{function}: {name}_weights must be finite and not negative")
    if not weights.any(-1).all():
        raise ValueError(f"{function}: every sample of {name} needs a point that is neither masked nor of weight 0")
    return points.new_ones(())


@check_values.register_fake
def _(function: str, name: str, points: Tensor, weights: Tensor) -> Tensor:
    return points.new_empty(())

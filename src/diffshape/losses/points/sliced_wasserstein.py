"""The sliced Wasserstein distance: transport along random lines, where sorting solves it.

    ( mean over directions u of W_p^p(<u, x>, <u, y>) )^(1/p),     W_p^p = int_0^1 |F_x^-1(t) - F_y^-1(t)|^p dt

Directions are uniform on the sphere, drawn anew at every call. Sets of different sizes or weights are compared by their
quantile functions, as masses that add up to 1. Source: Rabin, Peyre, Delon, Bernot, Wasserstein Barycenter and its
Application to Texture Mixing, SSVM 2011; Bonneel et al., J. Math. Imaging and Vision 2015.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import PointSet, read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements


@checked
def sliced_wasserstein_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    projections: int = 128,
    p: float = 2.0,
    generator: torch.Generator | None = None,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    x_weights: Float[Tensor, "*b n"] | None = None,
    y_weights: Float[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """( mean over directions u of W_p^p(<u, x>, <u, y>) )^(1/p): transport along random lines, where sorting solves it.

    W_p^p = int_0^1 |F_x^-1(t) - F_y^-1(t)|^p dt compares the quantile functions of the points' places along a line, as
    masses that add up to 1. Directions are uniform on the sphere, drawn anew at every call.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device.
        projections: Number L of directions, shared by the batch. The error of the mean falls as L^(-1/2).
        p: Order of the distance, >= 1.
        generator: Source of the random directions, on the device of ``x``; torch's own if ``None``.
        x_mask: Which points of ``x`` are real; masked ones may hold anything.
        y_mask: Which points of ``y`` are real.
        x_weights: Mass of each point of ``x``, shape (B, N) or (N,): not negative and not all 0; divided by its sum.
            A constant.
        y_weights: Mass of each point of ``y``, shape (B, M) or (M,).
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number >= 0 in u, or (B,) for "none": at most the Wasserstein distance of the same order.

    Raises:
        ValueError: ``projections`` or ``p`` is below 1, a shape, dtype or device does not fit, a sample has no real
            point, or a coordinate is not finite.

    Time O(L (N + M) log(N + M)), memory O(L (N + M)). The gradient is 0 where the distance is 0.

    >>> x = torch.tensor([[0.0], [1.0]])
    >>> sliced_wasserstein_distance(x, x + 3)  # on a line every direction is the line
    tensor(3.)
    """
    name = "sliced_wasserstein_distance"
    if projections < 1 or p < 1:
        raise ValueError(f"{name}: projections and p must be at least 1, got {projections} and {p}")
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask, x_weights=x_weights, y_weights=y_weights)
    directions = torch.randn(x.shape[-1], projections, generator=generator, device=x.device).to(x_set.points)
    directions = directions / directions.norm(dim=0)
    uniform = all(each is None for each in (x_mask, y_mask, x_weights, y_weights))
    if uniform and x.shape[-2] == y.shape[-2]:
        gaps = _projected(x_set, directions).sort(-1).values - _projected(y_set, directions).sort(-1).values
        powers = _power(gaps, p).mean(-1)
    else:
        powers = _between_quantiles(x_set, y_set, directions, p)
    return reduce_elements(_root(powers.mean(1), p).reshape(x.shape[:-2]), None, reduction)


def _projected(points: PointSet, directions: Float[Tensor, "d l"]) -> Float[Tensor, "b l n"]:
    """Where the points fall along each line, not in half precision even where matrix products are told to be."""
    with torch.autocast(directions.device.type, enabled=False):
        return (points.points @ directions).transpose(1, 2)


def _between_quantiles(x: PointSet, y: PointSet, directions: Float[Tensor, "d l"], p: float) -> Float[Tensor, "b l"]:
    """W_p^p along each line: both quantile functions are constant between the levels where either one steps."""
    (x_sorted, x_levels), (y_sorted, y_levels) = (_quantiles(each, directions) for each in (x, y))
    levels = torch.cat([x_levels, y_levels], -1).sort(-1).values
    shares = levels.diff(dim=-1, prepend=torch.zeros_like(levels[..., :1]))
    middles = levels - shares / 2
    x_values, y_values = (
        ascending.gather(-1, torch.searchsorted(steps, middles).clamp(max=steps.shape[-1] - 1))
        for ascending, steps in ((x_sorted, x_levels), (y_sorted, y_levels))
    )
    return (shares.to(x_values) * _power(x_values - y_values, p)).sum(-1)


def _quantiles(points: PointSet, directions: Float[Tensor, "d l"]) -> tuple[Tensor, Tensor]:
    """Positions in ascending order and the mass up to each, all of it being 1, without gradient: (B, L, N) both."""
    ascending, order = _projected(points, directions).sort(dim=-1, stable=True)
    masses = points.masses.detach()
    masses = masses if masses.device.type == "mps" else masses.double()
    mass = masses[:, None].expand(*order.shape).gather(-1, order).cumsum(-1)
    return ascending, mass / mass[..., -1:]


def _power(gaps: Tensor, p: float) -> Tensor:
    return gaps.square() if p == 2 else gaps.abs() if p == 1 else gaps.abs() ** p


def _root(powers: Tensor, p: float) -> Tensor:
    """powers^(1/p) with subgradient 0 at 0."""
    positive = powers > 0
    return torch.where(positive, torch.where(positive, powers, 1) ** (1 / p), 0)

"""Soft Chamfer distance: every point is compared with all points of the other set, the nearer ones counting more.

    mode "softmin":      D_i = -T log( 1/M sum_j exp(-c_ij / T) )
    mode "expectation":  D_i = sum_j p_ij c_ij,    p_ij = exp(-c_ij / T) / sum_k exp(-c_ik / T)

    soft chamfer(x, y) = mean_i D_i + mean_j D'_j,     debiased: S(x, y) - S(x, x) / 2 - S(y, y) / 2

Both tend to the Chamfer distance as T -> 0. The hard minimum is differentiable almost everywhere; what a soft one adds
is a gradient to more than one point. It costs bias: at high T the least value is not at y but where all points of x
have met in one (measured in docs/which-loss.md), which ``debias`` cures. "expectation" is the form of the lecture notes
on differentiable minima; it pushes away points with c_ij > D_i + T. The softmin is monotone in the distances, and one
marginal constraint short of Sinkhorn's transport.
"""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import PointSet, read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.neighbors.spacing import median_spacing
from diffshape.ops.transport.soft_minimum import by_rows, pair_costs, soft_minimum

SPACINGS = 2.0
"""The default temperature in distances between neighbours."""


@checked
def soft_chamfer_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    temperature: float | None = None,
    mode: Literal["softmin", "expectation"] = "softmin",
    squared: bool = False,
    debias: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """mean_i D_i + mean_j D'_j: every point is compared with all of the other set, the nearer ones counting more.

        mode "softmin":      D_i = -T log( 1/M sum_j exp(-c_ij / T) )
        mode "expectation":  D_i = sum_j p_ij c_ij,    p_ij = exp(-c_ij / T) / sum_k exp(-c_ik / T)

    with c_ij = |x_i - y_j| or its square, D' the other way round, and with ``debias`` S(x, y) - S(x, x) / 2 -
    S(y, y) / 2. Both tend to the Chamfer distance as the temperature T vanishes.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device; the target, if one of them is.
        temperature: T, in u, or u^2 if ``squared``. By default two median distances between neighbours in ``y``
            (squared if ``squared``), sample by sample, which scales with the data.
        mode: "softmin" or "expectation".
        squared: Whether c is the squared distance or the distance. With distances, debiased, fits end closest.
        debias: Subtract half of what each set costs with itself: then 0 for equal sets.
        x_mask: Which points of ``x`` are real; masked ones may hold anything and are neither counted nor found.
        y_mask: Which points of ``y`` are real.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number, or (B,) for "none". Without ``debias`` at least the Chamfer distance.

    Raises:
        ValueError: ``temperature`` is not positive, ``mode`` is unknown, a shape, dtype or device does not fit, a
            sample has no real point, or a coordinate is not finite.

    Twice differentiable in both sets. Time O(N M), memory O(N + M).

    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> soft_chamfer_distance(x, x + 5.0, temperature=1e-3)  # sqrt(41) + sqrt(50), and 2 T log 2
    tensor(13.4756)
    """
    name = "soft_chamfer_distance"
    if mode not in ("softmin", "expectation"):
        raise ValueError(f'{name}: mode must be "softmin" or "expectation", got {mode!r}')
    if temperature is not None and not 0 < temperature < math.inf:
        raise ValueError(f"{name}: temperature must be positive, got {temperature}")
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask)
    if temperature is None:
        temperatures = _matched_temperature(x_set, y_set, squared)
    else:
        temperatures = y_set.points.new_full((len(y_set.points),), temperature)
    one_way = _soft_minima if mode == "softmin" else _expectations

    def both_ways(first: PointSet, second: PointSet) -> Float[Tensor, "b"]:
        return first.mean(one_way(first, second, temperatures, squared)) + second.mean(
            one_way(second, first, temperatures, squared)
        )

    values = both_ways(x_set, y_set)
    if debias:
        values = values - both_ways(x_set, x_set) / 2 - both_ways(y_set, y_set) / 2
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def _soft_minima(points: PointSet, others: PointSet, temperature: Tensor, squared: bool) -> Float[Tensor, "b n"]:
    weights = others.masses / others.masses.sum(-1, keepdim=True)
    return soft_minimum(points.points, others.points, weights.log(), temperature, squared=squared)


def _expectations(points: PointSet, others: PointSet, temperature: Tensor, squared: bool) -> Float[Tensor, "b n"]:
    log_weights = others.masses.log()[:, None]

    def block(rows: Tensor, columns: Tensor) -> Tensor:
        costs = pair_costs(rows, columns, squared)
        return (torch.softmax(log_weights - costs / temperature[:, None, None], -1) * costs).sum(-1)

    return by_rows(block, points.points, others.points)


def _matched_temperature(x: PointSet, y: PointSet, squared: bool) -> Float[Tensor, "b"]:
    """Two spacings of y, or of x where y has none: a single point, or most points twice."""
    x_spacing, y_spacing = (median_spacing(each.points.detach(), each.mask) for each in (x, y))
    spacing = SPACINGS * torch.where(y_spacing > 0, y_spacing, x_spacing)
    return (spacing.square() if squared else spacing).clamp(min=torch.finfo(spacing.dtype).tiny ** 0.5)

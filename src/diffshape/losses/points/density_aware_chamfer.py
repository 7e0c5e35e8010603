"""The density-aware Chamfer distance: bounded, and aware of how many points share a neighbour.

    1/2 [ mean_i (1 - exp(-alpha |x_i - y_j(i)|^q) / n_j(i)) + mean_j (1 - exp(-alpha |y_j - x_i(j)|^q) / m_i(j)) ]

n_j counts the points of x whose nearest neighbour is y_j, m_i the other way round; both are constants in the gradient.
Source: Wu et al., Density-aware Chamfer Distance as a Comprehensive Metric for Point Cloud Completion, NeurIPS 2021,
equation 4. Its text has q = 1; its code, and so its published numbers, q = 2 with alpha = 1000 in a unit sphere. That
code also multiplies the fractions by N / M and M / N, which makes no difference between sets of one size.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import PointSet, distances_both_ways, read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements


@checked
def density_aware_chamfer_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    alpha: float = 1000.0,
    squared: bool = True,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Half the sum of mean_i (1 - exp(-alpha |x_i - y_j(i)|^q) / n_j(i)) and the same from y to x.

    j(i) is the nearest neighbour of x_i, and n_j counts the points of x whose nearest neighbour is y_j, a constant in
    the gradient: a point that serves for many is worth less to each.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device.
        alpha: How fast similarity falls with distance, in 1 / u^2, or 1 / u if not ``squared``. Not free of scale:
            at distances well beyond alpha^(-1/2) both value and gradient saturate.
        squared: Squared distances in the exponent (q = 2) or plain ones.
        x_mask: Which points of ``x`` are real; masked ones may hold anything and are neither counted nor found.
        y_mask: Which points of ``y`` are real.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number in [0, 1), or (B,) for "none". 0 only if the sets are equal and have no duplicates.

    Raises:
        ValueError: ``alpha`` is not positive, a shape, dtype or device does not fit, a sample has no real point, or a
            coordinate is not finite.

    >>> x = torch.tensor([[0.0], [0.0]])
    >>> density_aware_chamfer_distance(x, x)  # both pick the first: (1 - 1/2) from either side, halved and added
    tensor(0.5000)
    """
    name = "density_aware_chamfer_distance"
    if not 0 < alpha < math.inf:
        raise ValueError(f"{name}: alpha must be positive, got {alpha}")
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask)
    there, back = distances_both_ways(x_set, y_set, squared=squared)
    values = (_dissimilarity(x_set, y_set, *there, alpha) + _dissimilarity(y_set, x_set, *back, alpha)) / 2
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def _dissimilarity(
    points: PointSet, others: PointSet, distances: Tensor, indices: Tensor, alpha: float
) -> Float[Tensor, "b"]:
    """Mean of 1 - exp(-alpha distance) / n over the points of one set."""
    chosen = torch.zeros_like(others.masses).scatter_add(1, indices, points.masses)
    share = chosen.gather(1, indices).clamp(min=1)  # 0 only where masked
    return points.mean(1 - torch.exp(-alpha * distances) / share)

"""The Hausdorff distance between two point sets, and its robust form by quantiles.

    max( quantile_i min_j |x_i - y_j|, quantile_j min_i |x_i - y_j| ),        quantile 1 = maximum

Euclidean, not squared. Source: Huttenlocher, Klanderman, Rucklidge, Comparing Images Using the Hausdorff Distance, IEEE
PAMI 1993 (the quantile: their partial distance). Quantiles interpolate linearly, as NumPy's do.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import PointSet, distances_both_ways, read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements


@checked
def hausdorff_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    quantile: float = 1.0,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """max( quantile_i min_j |x_i - y_j|, quantile_j min_i |x_i - y_j| ); quantile 1 is the maximum.

    Euclidean, not squared. Quantiles interpolate linearly, as NumPy's do.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device.
        quantile: In [0, 1]; 0.95 leaves out the worst twentieth of each side, outliers for instance.
        x_mask: Which points of ``x`` are real; masked ones may hold anything and are neither counted nor found.
        y_mask: Which points of ``y`` are real.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number >= 0 in u, or (B,) for "none".

    Raises:
        ValueError: ``quantile`` is out of range, a shape, dtype or device does not fit, a sample has no real point, or
            a coordinate is not finite.

    The gradient sits on the one pair of points that decides (two where the quantile lies between two distances), which
    makes a poor objective on its own; as a measure it is exact.

    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> hausdorff_distance(x, torch.tensor([[0.0, 0.0], [4.0, 4.0]]))
    tensor(5.)
    """
    if not 0 <= quantile <= 1:
        raise ValueError(f"hausdorff_distance: quantile must lie in [0, 1], got {quantile}")
    x_set, y_set = read_point_sets("hausdorff_distance", x, y, x_mask=x_mask, y_mask=y_mask)
    (x_distances, _), (y_distances, _) = distances_both_ways(x_set, y_set, squared=False)
    values = torch.maximum(_quantile(x_set, x_distances, quantile), _quantile(y_set, y_distances, quantile))
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def _quantile(points: PointSet, distances: Float[Tensor, "b n"], quantile: float) -> Float[Tensor, "b"]:
    """A quantile of the distances of the real points."""
    if points.mask is not None:
        distances = torch.where(points.mask, distances, torch.inf)
    ascending = distances.sort(dim=-1, stable=True).values
    place = quantile * (points.masses.sum(-1, keepdim=True) - 1)
    low, high = place.floor(), place.ceil()
    low_value, high_value = (ascending.gather(1, each.long()) for each in (low, high))
    return (low_value + (place - low) * (high_value - low_value)).squeeze(-1)

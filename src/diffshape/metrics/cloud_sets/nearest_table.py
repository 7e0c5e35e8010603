"""Tables of distances between all clouds of two sets, computed as far as nearest clouds depend on them."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from diffshape.ops.cloud_sets.nearest_means import NearestMeans
from diffshape.ops.cloud_sets.set_distances import matched_distances

_ROUNDING = 1e-9
"""Share by which bounds are lowered, so that one that is reached does not exceed its distance by rounding."""


def chamfer_table(means: NearestMeans) -> Float[Tensor, "m m"]:
    """Chamfer distances between all clouds, from their means to one another; infinity from a cloud to itself."""
    return (means.squares + means.squares.mT).fill_diagonal_(torch.inf)


def earth_mover_table(
    clouds: Float[Tensor, "m n 3"], means: NearestMeans, samples: int, epsilon: float
) -> Float[Tensor, "m m"]:
    """Earth mover's distances, at most 1 + ``epsilon`` times too large; infinity where the value does not matter.

    Known are, for every cloud, the distances to all clouds of the other set that may be the nearest, and the distance
    to a cloud of its own set that is nearer still, if there is one. A pair whose lower bound exceeds a distance already
    known to another candidate is not matched.

    Args:
        clouds: The clouds of both sets, the samples first.
        means: Means from all clouds to all clouds.
        samples: How many samples there are.
        epsilon: Largest excess over the optimum, as a share of it.
    """
    bounds = lower_bounds(clouds, means).fill_diagonal_(torch.inf)
    known = torch.full_like(bounds, torch.inf)
    is_sample = torch.arange(len(clouds)) < samples
    other = is_sample[:, None] != is_sample

    def may_be_nearest() -> Bool[Tensor, "m m"]:
        return other & (bounds <= torch.where(other, known, torch.inf).amin(1, keepdim=True))

    def may_be_nearer() -> Bool[Tensor, "m m"]:
        across, own = (torch.where(part, known, torch.inf).amin(1, keepdim=True) for part in (other, ~other))
        return ~other & (bounds < across) & (own >= across)

    for candidates in (may_be_nearest, may_be_nearer):
        while len(pairs := _most_promising(torch.where(candidates() & known.isinf(), bounds, torch.inf))):
            first, second = pairs.T
            known[first, second] = known[second, first] = matched_distances(clouds, clouds, first, second, epsilon)
    return known


def lower_bounds(clouds: Float[Tensor, "m n 3"], means: NearestMeans) -> Float[Tensor, "m m"]:
    """What the earth mover's distances are at least, for a hundredth of the time: the larger of two bounds.

    A bijection moves no point less far than to its nearest neighbour, so mean_p min_t |p - t| is a bound, both ways.
    Nor does it move a point less far than along an axis, where the best bijection is that of the sorted coordinates.
    The first sees how points differ nearby, as two samples of one surface do, the second how shapes differ.
    """
    bounds = torch.maximum(means.distances, means.distances.mT)
    for heights in clouds.sort(1).values.unbind(2):
        bounds = torch.maximum(bounds, torch.cdist(heights, heights, p=1) / heights.shape[1])
    return (1 - _ROUNDING) * bounds


def _most_promising(possible: Float[Tensor, "m m"]) -> Int[Tensor, "p 2"]:
    """Of each row the pair of the smallest finite value, each pair once."""
    lowest, best = possible.min(1)
    rows = lowest.isfinite().nonzero()[:, 0]
    return torch.stack([rows, best[rows]], 1).sort(1).values.unique(dim=0)

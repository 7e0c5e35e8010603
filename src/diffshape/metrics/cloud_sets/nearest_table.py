"""Tables of distances between all clouds of two sets, computed as far as nearest clouds depend on them."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.ops import set_distances
from diffshape.ops.cloud_sets.nearest_means import all_nearest_means
from diffshape.ops.cloud_sets.set_distances import matched_distances


def chamfer_table(clouds: Float[Tensor, "m n 3"]) -> Float[Tensor, "m m"]:
    """Chamfer distances between all clouds; infinity from a cloud to itself."""
    return set_distances(clouds).fill_diagonal_(torch.inf)


def earth_mover_table(clouds: Float[Tensor, "m n 3"], samples: int, epsilon: float) -> Float[Tensor, "m m"]:
    """Earth mover's distances, at most 1 + ``epsilon`` times too large; infinity where the value does not matter.

    Known are, for every cloud, the distances to its nearest cloud and to the nearest cloud of the other set, and of
    all pairs that could not be ruled out. A bijection moves no point less far than to its nearest neighbour, so
    max(mean_p min_t |p - t|, mean_t min_p |p - t|) is a lower bound, which costs a hundredth: a pair whose bound
    exceeds a distance already known to another candidate is not matched.

    Args:
        clouds: The clouds of both sets, the samples first.
        samples: How many samples there are.
        epsilon: Largest excess over the optimum, as a share of it.
    """
    there = all_nearest_means(clouds, clouds).distances
    bounds = torch.maximum(there, there.mT).fill_diagonal_(torch.inf)
    known = torch.full_like(bounds, torch.inf)
    is_sample = torch.arange(len(clouds)) < samples
    other_set = is_sample[:, None] != is_sample
    for candidates in (other_set, ~torch.eye(len(clouds), dtype=torch.bool)):
        _settle(known, bounds, candidates, clouds, epsilon)
    return known


def _settle(
    known: Float[Tensor, "m m"],
    bounds: Float[Tensor, "m m"],
    candidates: Bool[Tensor, "m m"],
    clouds: Float[Tensor, "m n 3"],
    epsilon: float,
) -> None:
    """Add distances to those known until no candidate of any row could be nearer than the nearest one known."""
    while True:
        nearest = torch.where(candidates, known, torch.inf).amin(1, keepdim=True)
        possible = torch.where(candidates & known.isinf() & (bounds < nearest), bounds, torch.inf)
        lowest, best = possible.min(1)
        rows = lowest.isfinite().nonzero()[:, 0]
        if not len(rows):
            return
        pairs = torch.stack([rows, best[rows]])
        first, second = torch.stack([pairs.amin(0), pairs.amax(0)]).unique(dim=1)
        known[first, second] = known[second, first] = matched_distances(clouds, clouds, first, second, epsilon)

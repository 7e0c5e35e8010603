"""Points of a scan moved to the surface that they were measured on, by the prior."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.fitting.scans.prior.isolation import isolated_points
from diffshape.fitting.scans.prior.passes import smoothed
from diffshape.fitting.scans.prior.scan_prior import ScanPrior
from diffshape.ops.neighbors.index import NeighborIndex

CLEAN_BELOW = 0.08
"""Noise, in distances between points, below which the points of a scan stay where they are."""
STILL_BELOW = 0.05
"""Noise that the prior took away, in distances between points, below which they stay too: then detail was taken for
noise, as on a wall that is thinner than the distance between points."""
OUTLIER = -1.0
"""Logit from which on a point is marked as an outlier."""
STRAY = 5.0
"""Move of a point, in units of the noise, from which on it is an outlier too if it is also longer than the distance
between points."""


class Cleaned(NamedTuple):
    """Cleaned points, in the order and the unit of the input."""

    points: Float[Tensor, "n 3"]
    """Nearest points of the surface; where ``outliers`` is True the input point, unmoved."""
    normals: Float[Tensor, "n 3"]
    """Unit normals there, of either sign."""
    error: Float[Tensor, "n"]
    """Expected distance of each cleaned point to the surface."""
    noise: Float[Tensor, "n"]
    """Estimated standard deviation of the input along the normal, around each point."""
    outliers: Bool[Tensor, "n"]
    """Points that belong to no surface."""

    __repr__ = one_line


def cleaned(
    prior: ScanPrior, points: Float[Tensor, "n 3"], noise: float | None = None, *, passes: int | None = None
) -> Cleaned:
    """Move the points of a scan to the surface.

    Args:
        prior: What has learnt how, on the device of the points.
        points: Shape (N, 3), N >= 3 different points, float32, in any unit.
        noise: Standard deviation along the normals in the same unit; estimated if ``None``. Where it is 0, no point
            moves, and what is estimated serves for normals and outliers.
        passes: Number of passes of the prior that are made, from the first; ``None`` for all.
    """
    isolated = isolated_points(points)
    if not 0 < 2 * int(isolated.sum()) < len(points):  # of a handful of points nothing is known
        return _cleaned_together(prior, points, noise, passes)
    return _with_isolated(points, isolated, _cleaned_together(prior, points[~isolated], noise, passes))


def _cleaned_together(
    prior: ScanPrior, points: Float[Tensor, "n 3"], noise: float | None, passes: int | None
) -> Cleaned:
    """The points of a scan without isolated ones."""
    scan = smoothed(prior, points, noise or None, passes=passes)
    cloud, level = scan.cloud, scan.level
    taken = scan.moved_noise()
    still = taken < STILL_BELOW * level.spacing
    stays = still | (level.noise < CLEAN_BELOW * level.spacing) | (noise == 0)
    stray = (cloud.points - points).norm(dim=1) > torch.maximum(STRAY * level.noise, level.spacing)
    outliers = (cloud.outlier > OUTLIER) | (stray & ~stays)
    if 2 * int(outliers.sum()) >= len(points):  # outliers are the fewer
        outliers = torch.zeros_like(outliers)
    return Cleaned(
        points=torch.where((stays | outliers)[:, None], points, cloud.points),
        normals=cloud.normals,
        error=cloud.log_error.exp(),
        noise=torch.where(still, taken, level.noise).expand(len(points)),
        outliers=outliers,
    )


def _with_isolated(points: Float[Tensor, "n 3"], isolated: Bool[Tensor, "n"], found: Cleaned) -> Cleaned:
    """What was found, and isolated points as outliers, of which is told what is known of the nearest other point."""
    nearest = NeighborIndex(points[~isolated]).query(points[isolated])
    every = []
    for values in found:
        whole = values.new_empty(len(points), *values.shape[1:])
        whole[~isolated], whole[isolated] = values, values[nearest.indices]
        every.append(whole)
    whole = Cleaned(*every)
    whole.points[isolated], whole.outliers[isolated] = points[isolated], True
    whole.error[isolated] += nearest.squared_distances.sqrt()
    return whole

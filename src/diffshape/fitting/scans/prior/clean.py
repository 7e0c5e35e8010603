"""Points of a scan moved to the surface that they were measured on, by the prior."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.fitting.scans.prior.passes import smoothed
from diffshape.fitting.scans.prior.scan_prior import ScanPrior

CLEAN_BELOW = 0.15
"""Noise, in distances between neighbours, below which the points of a scan stay where they are."""
OUTLIER = 0.0
"""Logit from which on a point is marked as an outlier."""


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


def cleaned(prior: ScanPrior, points: Float[Tensor, "n 3"], noise: float | None = None) -> Cleaned:
    """Move the points of a scan to the surface.

    Args:
        prior: What has learnt how, on the device of the points.
        points: Shape (N, 3), N >= 3 different points, float32, in any unit.
        noise: Standard deviation along the normals in the same unit; estimated if ``None``.
    """
    scan = smoothed(prior, points, noise)
    cloud = scan.cloud
    outliers = (cloud.outlier > OUTLIER) | scan.isolated
    stays = outliers | (scan.level.noise < CLEAN_BELOW * scan.level.spacing)
    return Cleaned(
        points=torch.where(stays[:, None], points, cloud.points),
        normals=cloud.normals,
        error=cloud.log_error.exp(),
        noise=scan.level.noise.expand(len(points)),
        outliers=outliers,
    )

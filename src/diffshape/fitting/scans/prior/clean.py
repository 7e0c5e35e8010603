"""Points of a scan moved to the surface that they were measured on, by the prior."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.fitting.scans.prior.passes import smoothed
from diffshape.fitting.scans.prior.scan_prior import ScanPrior, shipped_prior

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


def clean_cloud(points: Float[Tensor, "n 3"], *, noise: float | None, device: torch.device) -> Cleaned:
    """Move the points of a scan to the surface, by the prior that comes with the package.

    Args:
        points: Shape (N, 3), N >= 3 different points, in any unit.
        noise: Standard deviation along the normals in the same unit; estimated if ``None``.
        device: Where to compute.
    """
    return cleaned(shipped_prior().to(device), points.to(device), noise)


def cleaned(prior: ScanPrior, points: Float[Tensor, "n 3"], noise: float | None = None) -> Cleaned:
    """Move the points of a scan to the surface by a prior, where they are."""
    scan = smoothed(prior, points, noise)
    cloud = scan.cloud
    outliers = cloud.outlier > OUTLIER
    stays = outliers | (scan.level.noise < CLEAN_BELOW * scan.level.spacing)
    return Cleaned(
        points=torch.where(stays[:, None], points, cloud.points),
        normals=cloud.normals,
        error=cloud.log_error.exp(),
        noise=scan.level.noise.expand(len(points)),
        outliers=outliers,
    )

"""Points of a scan moved to the surface that they were measured on, each by a quadric through its neighbours."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.ops.local_quadrics import local_quadrics
from diffshape.ops.neighbors.estimate_normals import estimate_normals
from diffshape.ops.neighbors.index import NeighborIndex

NEIGHBORS = 48
"""Number of neighbours of a point whose quadric it moves to."""

CLEAN_BELOW = 0.15
"""Noise, in distances between neighbours, below which the points of a scan stay where they are."""


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
    """Move the points of a scan to the surface.

    Args:
        points: Shape (N, 3), N >= 3 different points, in any unit.
        noise: Standard deviation along the normals in the same unit; estimated if ``None``.
        device: Where to compute.

    Returns:
        See :class:`Cleaned`; on the CPU, in the dtype of ``points``.
    """
    cloud = points.detach().to(device, torch.float64)
    squared_distances, neighbors = NeighborIndex(cloud).query(cloud, min(NEIGHBORS, len(cloud)))
    distances = squared_distances[:, min(8, len(cloud) - 1)].sqrt()
    outliers = distances > 6 * distances.median()
    normals = estimate_normals(cloud, k=16)
    quadrics = local_quadrics(cloud, cloud, normals, normals, neighbors, noise=0.0, sizes=(NEIGHBORS,), agreement=-1.0)
    offsets = ((quadrics.points - cloud) * normals).sum(dim=1).abs()
    found = float(offsets.median()) / 0.6745 if noise is None else noise
    moves = ~outliers & (found > CLEAN_BELOW * float(squared_distances[:, 1].median().sqrt()))
    return Cleaned(
        points=torch.where(moves[:, None], quadrics.points, cloud).to(points),
        normals=quadrics.normals.to(points),
        error=(found * (6 / quadrics.used.clamp(min=6)).sqrt()).to(points),
        noise=torch.full_like(offsets, found).to(points),
        outliers=outliers.to(points.device),
    )

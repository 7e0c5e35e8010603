"""Noise of a scan, estimated from the scan itself: its standard deviation along the normals."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape.ops.local_quadrics import local_quadrics
from diffshape.ops.neighborhoods.frames import plane_normals
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.orientation.point_areas import point_areas, spacing_of

PLANE = 96
"""Number of neighbours whose plane is the base of a quadric."""
PROBE = 24
"""Number of neighbours of the quadrics whose residuals the noise is estimated from."""
QUANTILE = 0.3
"""Quantile of the residuals that the noise is read from; a low one, because edges and details raise the high ones."""
EXPECTED = 0.92
"""Value of that quantile for noise of standard deviation 1 on a plane, by simulation."""
BLURRED = 0.6
"""Noise, in distances between neighbours, from which on the nearest points are those with like errors, so that their
residuals tell too little of it."""
THINNING = 4
"""Number of points of which one is kept then."""
FEWEST = 2000
"""Least number of points that are kept."""
SAMPLE = 1 << 14
"""Largest number of points whose residuals are looked at."""
MEDIAN = 0.6745
"""Median of the absolute value of Gaussian noise of standard deviation 1."""
AROUND = 64
"""Number of neighbours of a point whose moves tell the noise around it."""


class ScanNoise(NamedTuple):
    """Noise of a scan, and how dense it is."""

    noise: Float[Tensor, ""]
    """Standard deviation along the normals."""
    spacing: Float[Tensor, ""]
    """Distance between neighbours along the surface: the side of the square that a point stands for."""


def estimate_noise(points: Float[Tensor, "n 3"]) -> ScanNoise:
    """The noise of a scan by the residuals of quadrics through the first 24 neighbours of its points.

    A scan whose points are closer to one another than its noise is thinned until they are not.
    """
    found = _noise_of(points)
    order = shuffled(len(points), points.device)
    while found.noise > BLURRED * found.spacing and len(order) >= THINNING * FEWEST:
        order = order[: len(order) // THINNING]
        found = _noise_of(points[order])
    return ScanNoise(found.noise, found.spacing * (len(order) / len(points)) ** 0.5)


def shuffled(count: int, device: torch.device) -> Int[Tensor, "n"]:
    """The numbers from 0 to ``count``, in an order that is always the same."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(0)).to(device)


def _noise_of(points: Float[Tensor, "n 3"]) -> ScanNoise:
    """Residual of quadrics through the first 24 neighbours, for the noise, and the distance between neighbours."""
    some = points[:: -(-len(points) // SAMPLE)]
    squared, nearest = NeighborIndex(points).query(some, min(PLANE, len(points)))
    normals = plane_normals(points[nearest] - some[:, None])
    everywhere = normals[:1].expand(len(points), 3)
    rule = {"noise": 0.0, "sizes": (PROBE,), "agreement": -2.0}  # all neighbours, whatever their normals are
    fit = local_quadrics(some, points, normals, everywhere, nearest[:, :PROBE], **rule)
    residuals = fit.residuals[fit.used > 0]
    noise = residuals.quantile(QUANTILE) / EXPECTED if len(residuals) else points.new_tensor(0.0)
    return ScanNoise(noise, points.new_tensor(spacing_of(point_areas(squared))))


def relative_noise(
    moves: Float[Tensor, "m"], typical: Float[Tensor, ""], neighbors: Int[Tensor, "n k"]
) -> Float[Tensor, "n"]:
    """The noise around some points over that of the whole scan, from 1/2 to 2, by the medians of what was moved away.

    Args:
        moves: Distances that all points were moved along their normals, not negative.
        typical: Their median.
        neighbors: Nearest neighbours of some points.
    """
    around = moves[neighbors[:, :AROUND].long()].median(dim=1).values
    return (around / typical.clamp_min(1e-30)).clamp(0.5, 2)

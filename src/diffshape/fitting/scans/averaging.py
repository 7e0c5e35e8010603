"""What the points that a fit leaves out of a large scan say about those that it takes."""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.fitting.scans.prior.clean import cleaned
from diffshape.fitting.scans.prior.scan_prior import shipped_prior
from diffshape.ops.neighbors.index import NeighborIndex

FARTHEST = 4.0
"""Largest distance of a point from the surface, in units of the noise, that counts; beyond it is no noise."""


@torch.no_grad()
def averaged(drawn: Float[Tensor, "n 3"], scan: Iterable[Float[Tensor, "b 3"]]) -> Float[Tensor, "n 3"]:
    """Points drawn from a scan, each moved along the normal to the mean of the scan's points that are nearest to it.

    Of n points drawn from m, the noise falls to about sqrt(n / m) of what it was; what is left of it is again
    independent from point to point. One pass of the scan prior tells the surface that heights are measured from, so
    that points of the two sides of a wall do not mix.

    Args:
        drawn: Different points, in the unit frame.
        scan: All points of the scan, block by block, in the same frame.

    Returns:
        The moved points, in the dtype of ``drawn``; outliers, and all points of a scan without noise, are where they
        were.
    """
    single = drawn.float()
    clean = cleaned(shipped_prior(drawn.device), single, passes=1)
    on_surface = ~clean.outliers
    surface, normals, noise = clean.points[on_surface], clean.normals[on_surface], clean.noise[on_surface]
    if torch.equal(surface, single[on_surface]):
        return drawn
    index, sums, counts = NeighborIndex(surface), np.zeros(len(surface)), np.zeros(len(surface))
    for block in scan:
        points = block[block.abs().amax(dim=1) <= 1].to(single)
        nearest = index.query(points).indices
        heights = ((points - surface[nearest]) * normals[nearest]).sum(dim=1)
        near = heights.abs() <= FARTHEST * noise[nearest]
        places = nearest[near].numpy()
        sums += np.bincount(places, heights[near].double().numpy(), len(surface))
        counts += np.bincount(places, minlength=len(surface))
    means = torch.from_numpy(sums / counts.clip(min=1)).to(drawn)
    moved = drawn.clone()
    moved[on_surface] = surface.to(drawn) + means[:, None] * normals.to(drawn)
    return moved

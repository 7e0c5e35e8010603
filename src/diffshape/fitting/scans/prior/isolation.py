"""Isolated points of a scan, so far from all others that the prior has not seen their like."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.orientation.point_areas import AREA_NEIGHBORS

OF_ALL = 6.0
"""Distance to the 8th neighbour, over that of most points, from which on a point is isolated."""
OF_NEIGHBORS = 2.5
"""The same over that of most of its neighbours."""
BLOCK = 1 << 16
"""Number of points that are looked at at a time, which bounds the memory."""


def isolated_points(points: Float[Tensor, "n 3"]) -> Bool[Tensor, "n"]:
    """Which points have their 8th neighbour much farther away than most have it, or than their neighbours have it."""
    index, count = NeighborIndex(points), min(AREA_NEIGHBORS + 1, len(points))
    blocks = points.split(BLOCK)
    alone = torch.cat([index.query(block, count).squared_distances[:, -1] for block in blocks]).sqrt()
    local = torch.cat([alone[index.query(block, count).indices[:, 1:]].median(dim=1).values for block in blocks])
    return (alone > OF_ALL * alone.median()) | (alone > OF_NEIGHBORS * local)

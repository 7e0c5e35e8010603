"""The sheet of a surface close to a point and parallel to it: the other side of a thin wall, or of a slit.

A depth image whose cells are as wide as a thin wall looks through it. The sheet across the wall tells better that a
point cannot be seen from there.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.neighbors.index import NeighborIndex

NEIGHBORS = 40
"""Number of nearest points among which a sheet is looked for: two sheets within 2.5 spacings."""
LOWEST = 0.5
"""Height over the tangent plane, in spacings, from which on a point is on another sheet."""
BESIDE = 1.2
"""Largest distance from the normal, in spacings, of a point that is across."""
PARALLEL = 0.7
"""Least cosine between normals, of either sign, of parallel sheets."""

BLOCK = 1 << 15
"""Number of points that are looked at together, which bounds their memory."""


def opposite_sheets(points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """The normal of each point, turned to the side on which another sheet lies; 0 where none does, or on both sides.

    Args:
        points: Points whose spacing is 1.
        normals: Unit normals of either sign, or 0, which is parallel to none.
    """
    index, sides = NeighborIndex(points), points.new_zeros(len(points))
    for block in torch.arange(len(points), device=points.device).split(BLOCK):
        neighbors = index.query(points[block], min(NEIGHBORS, len(points))).indices
        ways = points[neighbors] - points[block, None]
        heights = torch.einsum("nkc,nc->nk", ways, normals[block])
        beside = ways.square().sum(dim=2) - heights.square() < BESIDE**2
        parallel = torch.einsum("nkc,nc->nk", normals[neighbors], normals[block]).abs() > PARALLEL
        above, below = ((beside & parallel & (sign * heights > LOWEST)).any(dim=1) for sign in (1, -1))
        sides[block] = above.to(points) - below.to(points)
    return sides[:, None] * normals

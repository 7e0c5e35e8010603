"""The cubes in which sets of shapes lie, and points in them."""

import torch
from jaxtyping import Float
from torch import Tensor

VOLUME_SIDE = 1.1
"""Side of the cube from which volume points are drawn; the shapes lie in that of side 1."""
NEAR_SPREAD = 0.04
"""Standard deviation along each axis of the moves that bring points of a surface near it."""


def volume_points(count: int, generator: torch.Generator) -> Float[Tensor, "k 3"]:
    """Points drawn evenly from the cube of side 1.1 about 0."""
    return (torch.rand(count, 3, generator=generator) - 0.5) * VOLUME_SIDE


def voxel_middles(resolution: int) -> Float[Tensor, "r r r 3"]:
    """Middles ((i, j, k) + 1/2) / R - 1/2 of the voxels of the cube from -1/2 to 1/2.

    >>> voxel_middles(2)[1, 0, 0]
    tensor([ 0.2500, -0.2500, -0.2500])
    """
    axis = (torch.arange(resolution) + 0.5) / resolution - 0.5
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1)

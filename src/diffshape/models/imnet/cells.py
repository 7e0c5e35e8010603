"""Cells of voxel grids with their occupancies, at several resolutions: what IM-NET is trained on.

A coarse cell is occupied where one of its voxels is. All cells of a small grid are kept. Of a large one, those come
first around which the cube of 7 cells a side is neither full nor empty, but for the outermost 3 layers of the grid; if
these are more than three quarters, some of them at random. Others, at random, fill up.
Source: Chen, Zhang, IM-NET, CVPR 2019, and its released code, which of too many cells keeps one of each 2 x 2 x 2, an
occupied one where there is one: what is learnt from those is thicker than the shape, by half a cell on each side.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Shaped
from scipy.ndimage import binary_fill_holes, maximum_filter, minimum_filter
from torch import Tensor
from torch.nn.functional import avg_pool3d

_MOST_NEAR = 3 / 4
"""Share of the kept cells that those near the surface have at most: others say where there is nothing."""
_REACH = 3
"""Cells from a cell to the sides of the cube about it that decides whether it is near the surface."""


class Cells(NamedTuple):
    """Some cells of the grids of S shapes, as many of each.

    Attributes:
        resolution: Cells a side of the grid.
        places: Which cell, counted along z, then y, then x, shape (S, K).
        occupied: Whether it is occupied, shape (S, K).
    """

    resolution: int
    places: Int[Tensor, "s k"]
    occupied: Bool[Tensor, "s k"]

    def draw(
        self, shapes: Int[Tensor, "b"], count: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, "b p 3"], Float[Tensor, "b p"]]:
        """Middles of ``count`` random cells of each of some shapes, and their occupancies, 0 or 1."""
        kept = torch.randint(self.places.shape[1], (len(shapes), count), generator=generator).to(self.places.device)
        places, occupied = (part[shapes].gather(1, kept) for part in (self.places, self.occupied))
        return cell_middles(places, self.resolution), occupied.float()

    def to(self, device: torch.device) -> "Cells":
        """The cells on a device."""
        return self._replace(places=self.places.to(device), occupied=self.occupied.to(device))


def cell_middles(places: Int[Tensor, "*n"], resolution: int) -> Float[Tensor, "*n 3"]:
    """Middles (i + 1/2) / R - 1/2 of cells of the cube from -1/2 to 1/2, float32.

    >>> cell_middles(torch.tensor([0, 63]), 4)
    tensor([[-0.3750, -0.3750, -0.3750],
            [ 0.3750,  0.3750,  0.3750]])
    """
    places = places.long()
    steps = [places // resolution**2, places // resolution % resolution, places % resolution]
    return (torch.stack(steps, -1) + 0.5) / resolution - 0.5


def coarser(voxels: Shaped[Tensor, "s r r r"], resolution: int) -> Bool[Tensor, "s q q q"]:
    """Cells of a coarser grid, occupied where one of their voxels is; ``resolution`` divides that of the voxels."""
    size = voxels.shape[-1] // resolution
    if size == 1:
        return voxels.bool()
    return voxels.bool().unflatten(3, (-1, size)).any(4).unflatten(2, (-1, size)).any(3).unflatten(1, (-1, size)).any(2)


def filled_shares(voxels: Shaped[Tensor, "s r r r"], resolution: int) -> Float[Tensor, "s q q q"]:
    """Share of each cell of a coarser grid that its voxels fill; ``resolution`` divides that of the voxels.

    >>> voxels = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    >>> voxels[0, 0, 0, 0] = voxels[0, 2:, 2:, 2:] = True
    >>> filled_shares(voxels, 2).unique()
    tensor([0.0000, 0.1250, 1.0000])
    """
    return avg_pool3d(voxels.bool().float()[:, None], voxels.shape[-1] // resolution)[:, 0]


def filled(voxels: Shaped[Tensor, "s r r r"]) -> Bool[Tensor, "s r r r"]:
    """Voxels, and those that they enclose: which no path over sides of empty voxels joins to the border of the grid.

    >>> shell = torch.ones(1, 5, 5, 5, dtype=torch.bool)
    >>> shell[:, 2, 2, 2] = False
    >>> bool(filled(shell).all())
    True
    """
    grids = [np.asarray(binary_fill_holes(grid)) for grid in voxels.cpu().bool().numpy()]
    return torch.from_numpy(np.stack(grids)).to(voxels.device) if grids else voxels.bool()


def chosen_cells(voxels: Bool[Tensor, "s r r r"], resolution: int, count: int, generator: torch.Generator) -> Cells:
    """At most ``count`` cells of each shape, on the CPU; ``resolution`` divides the voxels a side."""
    grids = coarser(voxels.cpu(), resolution)
    occupied = grids.flatten(1)
    if count >= resolution**3:
        places = torch.arange(resolution**3).expand(len(grids), -1)
        return Cells(resolution, places, occupied)
    rows = [_chosen(grid, count, generator) for grid in grids]
    places = torch.stack(rows)
    return Cells(resolution, places, occupied.gather(1, places))


def _chosen(grid: Bool[Tensor, "r r r"], count: int, generator: torch.Generator) -> Int[Tensor, "k"]:
    """Cells of one shape at random: those near the surface as far as they may be, then others."""
    order = torch.randperm(grid.numel(), generator=generator)
    near = near_surface(grid).flatten()[order]
    first, others = order[near], order[~near]
    return torch.cat([first[: round(_MOST_NEAR * count)], others, first[round(_MOST_NEAR * count) :]])[:count]


def near_surface(grid: Bool[Tensor, "r r r"]) -> Bool[Tensor, "r r r"]:
    """Whether the cube of 7 cells a side about a cell is neither full nor empty; not in the outermost 3 layers."""
    inner = (slice(_REACH, -_REACH),) * 3
    cells, near = grid.to(torch.uint8).numpy(), torch.zeros_like(grid)
    most, least = (each(cells, 2 * _REACH + 1)[inner] for each in (maximum_filter, minimum_filter))
    near[inner] = torch.from_numpy(most > least)
    return near

"""The shadow of a shape on the ground below it, under light that comes from the whole sky alike.

A flat piece at height h hides, from a place on the ground whose distance from the point below the piece is r, the share
h^2 / (pi (h^2 + r^2)^2) of that light an area. So what a horizontal section of a shape hides is its area folded with
that function. A shape is taken as filled between its lowest and its highest point over each cell of the ground; what it
hides at a place is about the most that one of its sections hides.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.report.pictures.render.camera import Camera

CELLS = 96
"""Largest number of cells along the longest side of a shape; beside it, on either side, there are half as many."""
_BLUR = 1.5
"""Width, in cells, over which the outline of what stands on the ground is blurred."""
SECTIONS = 12
"""Number of horizontal sections."""
_FLATTEST = math.sin(math.radians(3.0))
"""Height of a piece of the ground in the picture, for one of its length, below which the ground is not drawn."""


def ground_shadow(points: Float[Tensor, "n 3"], camera: Camera, step: int) -> Float[Tensor, "h w"]:
    """Share of the light of the sky, 0 to 1, that a shape hides from the ground in each pixel of a picture.

    Args:
        points: Points all over the shape, picture coordinates, shape (N, 3).
        camera: Camera of the picture.
        step: Pixels of the picture along one of the result.

    Returns:
        Shape (pixels / step, pixels / step); 0 everywhere if there is no point or the eye is not above the ground.
    """
    pixels = camera.pixels // step
    middle = torch.tensor([camera.pixels / 2, camera.pixels / 2, 0.0])
    points = points[(points - middle).abs().amax(dim=1) < 2 * camera.pixels]  # the others are far from what is shown
    if not len(points) or math.sin(camera.elevation) < _FLATTEST:
        return torch.zeros(pixels, pixels)
    along, up = torch.tensor(camera.along), torch.tensor(camera.up)
    places = torch.stack([points[:, 0], points @ along], dim=1)
    heights = (points @ up - camera.ground).clamp_min(0)
    low = places.amin(0)
    cells = min(CELLS, 2 * max(4, int(math.sqrt(len(points)) / 5)))  # few enough to hold some points each
    cell = float((places.amax(0) - low).max().clamp_min(heights.amax() / 2).clamp_min(1e-6)) / cells
    hidden = _hidden((places - low) / cell, heights / cell, cells)
    middles = (torch.arange(pixels) + 0.5) * step
    distances = -(middles + camera.ground * math.cos(camera.elevation)) / math.sin(camera.elevation)
    columns, rows = ((middle - start) / cell + cells // 2 for middle, start in zip((middles, distances), low))
    grid = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1) * 2 / len(hidden) - 1
    return torch.nn.functional.grid_sample(hidden[None, None], grid[None], align_corners=False)[0, 0]


def _hidden(places: Float[Tensor, "n 2"], heights: Float[Tensor, "n"], cells: int) -> Float[Tensor, "side side"]:
    """Share of the light that is hidden from each cell of the ground; lengths in sides of a cell."""
    beyond, side = cells // 2, 2 * cells
    columns, rows = (places.long().clamp(0, cells - 1) + beyond).unbind(1)
    index = rows * side + columns
    lowest = torch.full((side * side,), torch.inf).scatter_reduce_(0, index, heights, "amin")
    highest = torch.full((side * side,), -torch.inf).scatter_reduce_(0, index, heights, "amax")
    away = torch.fft.fftfreq(side, 1 / side)
    squares = away[:, None] ** 2 + away**2  # of the distance from the first cell, around the border
    window = (1 - squares / beyond**2).clamp_min(0) ** 2  # so that the shadow fades out within the cells
    levels = torch.linspace(0, 1, SECTIONS + 1)[1:] ** 2 * float(heights.amax())
    hidden = torch.zeros(side, side)
    for below, level in zip([-1.0, *levels.tolist()], levels.tolist()):
        section = ((lowest <= level) & (highest > below)).float().reshape(side, side)
        share = max(level, _BLUR) ** 2
        spread = window * share / (torch.pi * (share + squares) ** 2)
        folded = torch.fft.irfft2(
            torch.fft.rfft2(section) * torch.fft.rfft2(spread / spread.sum().clamp_min(1)), s=(side, side)
        )
        hidden = torch.maximum(hidden, folded)
    return hidden.clamp(0, 1)

"""The bones of the spine phantom: T12, L1 to L5 and S1 as quadrilaterals on a curve, top to bottom.

Sizes are multiples of L1's height h: bodies are 1.35 to 1.75 times as wide as high and grow by 3 % a level, discs take
0.22 to 0.34 h, end-plates are a few degrees from parallel. From the front the curve wavers by some 4 degrees a level,
from the side it is a lordosis of 5 to 10 degrees a level, the sacrum tilted more. After a slip, the vertebra and all
above it lie 25 to 50 % of its width forward along the end-plate below.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.data.landmarks.phantom_config import SpinePhantomConfig

LEVELS = 7  # T12, L1 to L5, S1
SLIPPING = (4, 5)  # L4 and L5


class SpineBones(NamedTuple):
    """Seven bodies: corners (N, 7, 4, 2) in pixels, as (upper left, upper right, lower left, lower right).

    Sizes are (N, 7) in pixels; ``shut`` (N, 7) is True where a lumbar body lies behind the shutter.
    """

    corners: Float[Tensor, "n 7 4 2"]
    heights: Float[Tensor, "n 7"]
    widths: Float[Tensor, "n 7"]
    shut: Bool[Tensor, "n 7"]

    @property
    def centers(self) -> Float[Tensor, "n 7 2"]:
        """Means of the corners."""
        return self.corners.mean(-2)

    @property
    def across(self) -> Float[Tensor, "n 7 2"]:
        """Unit vectors to the right along each body."""
        corners = self.corners
        return torch.nn.functional.normalize(
            corners[..., 1, :] + corners[..., 3, :] - corners[..., 0, :] - corners[..., 2, :], dim=-1
        )

    @property
    def down(self) -> Float[Tensor, "n 7 2"]:
        """Unit vectors down along each body."""
        return turned(self.across)


def uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Numbers drawn evenly from [low, high)."""
    return low + (high - low) * torch.rand(shape, generator=generator)


def turned(vectors: Float[Tensor, "*b 2"]) -> Float[Tensor, "*b 2"]:
    """A quarter turn, from right to down."""
    return torch.stack([-vectors[..., 1], vectors[..., 0]], dim=-1)


def spine_bones(count: int, config: SpinePhantomConfig, generator: torch.Generator) -> SpineBones:
    """Draw ``count`` spines, the middle of their lumbar part near that of the image."""
    angles = _angles(count, config, generator)
    growth = 1.03 ** (torch.arange(LEVELS) - 1.0)
    first = config.height * uniform(*config.body_height, (count, 1), generator)
    heights = first * growth
    widths = heights * uniform(1.35, 1.75, (count, 1), generator)
    gaps = first * uniform(0.22, 0.34, (count, LEVELS - 1), generator)
    across = torch.stack([angles.cos(), angles.sin()], dim=-1)
    centers = _chain(turned(across), heights, gaps)
    if config.slip > 0:
        centers = centers + _slip(across, widths, config.slip, generator)
    corners = _corners(centers, across, widths, heights, _wedges(count, generator))
    corners = corners + 0.02 * first[..., None, None] * torch.randn(corners.shape, generator=generator)
    middle = torch.tensor([(config.width - 1) / 2, (config.height - 1) / 2])
    middle = middle + uniform(-0.03, 0.03, (count, 2), generator) * torch.tensor([config.width, config.height])
    corners = corners + (middle - corners[:, 1:6].mean((1, 2)))[:, None, None]
    return SpineBones(corners, heights, widths, _shut(count, config.missing, generator))


def _angles(count: int, config: SpinePhantomConfig, generator: torch.Generator) -> Float[Tensor, "n 7"]:
    """Angle of each body in radians, clockwise as seen; that of L3 is the tilt of the whole."""
    if config.view == "ap":
        steps = math.radians(4) * torch.randn(count, LEVELS - 1, generator=generator)
    else:
        steps = -uniform(math.radians(5), math.radians(10), (count, LEVELS - 1), generator)
        steps[:, -1] -= uniform(math.radians(3), math.radians(10), (count,), generator)
    angles = torch.cat([torch.zeros(count, 1), steps.cumsum(-1)], dim=-1)
    tilt = math.radians(1) * uniform(-config.rotation, config.rotation, (count, 1), generator)
    return angles - angles[:, 3:4] + tilt


def _chain(down: Tensor, heights: Tensor, gaps: Tensor) -> Float[Tensor, "n 7 2"]:
    """Centres of the bodies: half a body and half a disc along one axis, then along the next."""
    halves = heights / 2
    steps = (halves[:, :-1] + gaps / 2)[..., None] * down[:, :-1] + (halves[:, 1:] + gaps / 2)[..., None] * down[:, 1:]
    return torch.cat([torch.zeros_like(steps[:, :1]), steps.cumsum(1)], dim=1)


def _slip(across: Tensor, widths: Tensor, share: float, generator: torch.Generator) -> Float[Tensor, "n 7 2"]:
    """Shift forward, to the left, along the end-plate below, of the slipped body and all above."""
    count = len(across)
    slipped = torch.rand(count, generator=generator) < share
    level = torch.tensor(SLIPPING)[torch.randint(len(SLIPPING), (count,), generator=generator)]
    size = uniform(0.25, 0.5, (count,), generator) * slipped
    rows = torch.arange(count)
    offset = -(size * widths[rows, level])[:, None] * across[rows, level + 1]
    return torch.where((torch.arange(LEVELS) <= level[:, None])[..., None], offset[:, None], 0)


def _wedges(count: int, generator: torch.Generator) -> Float[Tensor, "n 7"]:
    """Height lost on the left and won on the right, as a share of half the height; some 3 degrees at most."""
    return (0.04 * torch.randn(count, LEVELS, generator=generator)).clamp(-0.08, 0.08)


def _corners(centers: Tensor, across: Tensor, widths: Tensor, heights: Tensor, wedges: Tensor) -> Tensor:
    """(N, 7, 4, 2); the sacrum is narrower at its lower end."""
    sides, ends = torch.tensor([-1.0, 1.0, -1.0, 1.0]), torch.tensor([-1.0, -1.0, 1.0, 1.0])
    taper = torch.ones(LEVELS, 4)
    taper[-1, 2:] = 0.7
    right = widths[..., None] / 2 * sides * taper
    below = heights[..., None] / 2 * ends * (1 + wedges[..., None] * sides)
    return centers[:, :, None] + right[..., None] * across[:, :, None] + below[..., None] * turned(across)[:, :, None]


def _shut(count: int, missing: int, generator: torch.Generator) -> Bool[Tensor, "n 7"]:
    """0 to ``missing`` lumbar levels at one end, with T12 or S1 beyond them."""
    levels = torch.arange(LEVELS)
    number = torch.randint(missing + 1, (count, 1), generator=generator)
    lower = torch.rand(count, 1, generator=generator) < 0.5
    shut = torch.where(lower, levels >= LEVELS - 1 - number, levels <= number)
    return shut & (number > 0)

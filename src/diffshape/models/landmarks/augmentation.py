"""Training images turned, scaled, moved and brightened a little, with their landmarks."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.models.landmarks.config import LandmarkTraining


def augmented(
    images: Float[Tensor, "b 1 h w"],
    landmarks: Float[Tensor, "b k 2"],
    mask: Bool[Tensor, "b k"],
    config: LandmarkTraining,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "b 1 h w"], Float[Tensor, "b k 2"], Bool[Tensor, "b k"]]:
    """Each image by a similarity of its own about its middle; pixels from outside repeat the border.

    Landmarks that leave the image are masked.
    """
    count, (height, width) = len(images), images.shape[-2:]
    turn, zoom, right, down, gain, offset = (2 * torch.rand(6, count, generator=generator) - 1).to(images)
    angle, scale = math.radians(config.rotate) * turn, 1 + config.zoom * zoom
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=-1).unflatten(-1, (2, 2))
    matrix = scale[:, None, None] * rotation
    size = images.new_tensor([width, height])
    shift = config.shift * torch.stack([right, down], dim=-1) * size
    middle = (size - 1) / 2
    moved = (landmarks - middle) @ matrix.transpose(1, 2) + middle + shift[:, None]
    inverse = torch.linalg.inv(matrix)
    half = size / 2  # grid_sample counts half images from the middle, with the outer edges at -1 and 1
    theta = torch.cat(
        [inverse * half / half[:, None], -(inverse @ shift[..., None]) / half[:, None]],
        dim=-1,
    )
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    images = torch.nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    images = images * (1 + config.gain * gain)[:, None, None, None] + 0.5 * config.gain * offset[:, None, None, None]
    inside = ((moved >= -0.5) & (moved < size - 0.5)).all(-1)
    return images, moved, mask & inside

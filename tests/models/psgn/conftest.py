import pytest
import torch

from diffshape.data import ShapeSet

QUARTER = torch.tensor([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""A quarter turn about y."""


@pytest.fixture(scope="session")
def boxes():
    """Two flat boxes, each seen from the front and from a side: silhouettes of 16 x 16 pixels."""
    generator = torch.Generator().manual_seed(0)
    halves = torch.tensor([[0.4, 0.3, 0.1], [0.1, 0.2, 0.4]])
    points = (2 * torch.rand(2, 200, 3, generator=generator) - 1) * halves[:, None]
    views = torch.stack([torch.eye(3), QUARTER])
    middles = (torch.arange(16) + 0.5) / 16 - 0.5
    sides = (halves @ views.mT.abs().float())[..., :2].transpose(0, 1)  # (shape, view, x and y)
    inside = middles.abs() < sides[..., None]
    images = (inside[..., 1, :, None] & inside[..., 0, None, :]).float()
    depths = torch.where(images > 0, 2.0, 0.0)
    return ShapeSet(names=("wide", "deep"), points=points, images=images, depths=depths, views=views.expand(2, 2, 3, 3))

from dataclasses import replace

import pytest
import torch

from diffshape.data import ShapeSet
from diffshape.models import ImNetConfig, ImNetNetwork, train_imnet

TINY = ImNetConfig(
    network=ImNetNetwork(resolution=8, latent=4, width=4, encoder_width=4),
    stages=(4, 8, 16),
    shares=(0.25, 0.25, 0.5),
    cells=(64, 256, 1000),
    batch=2,
    points=64,
)


def boxes(*sides, resolution=16, count=2000):
    """Boxes about the middle, with the sides that are given in voxels: voxels, and points in the cube of side 1.1."""
    middles = (torch.arange(resolution) + 0.5) / resolution - 0.5
    grid = torch.stack(torch.meshgrid(middles, middles, middles, indexing="ij"), -1)
    points = 1.1 * (torch.rand(len(sides), count, 3, generator=torch.Generator().manual_seed(0)) - 0.5)
    halves = torch.tensor(sides)[:, None] / resolution / 2
    return ShapeSet(
        names=tuple(f"box {sizes}" for sizes in sides),
        voxels=(grid.abs() < halves[:, None, None]).all(-1),
        volume_points=points,
        occupancies=(points.abs() < halves).all(-1),
    )


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def two():
    """A flat box and a tall one."""
    return boxes((12, 4, 12), (6, 14, 6))


@pytest.fixture(scope="session")
def learnt(two):
    """A model that knows both by heart."""
    network = replace(TINY.network, width=16, latent=8)
    config = replace(TINY, network=network, lr=3e-3, points=512, cells=(64, 512, 4096))
    return train_imnet(two, config, steps=400).model

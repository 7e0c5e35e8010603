from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from diffshape.data import ShapeSet
from diffshape.models import VecSetConfig, VecSetNetwork, train_vecset

TINY = VecSetConfig(
    network=VecSetNetwork(vectors=8, width=8, layers=1, heads=2), batch=2, points=32, volume=40, near=20
)


def ellipsoids(*radii, count=1500):
    """Ellipsoids about the middle, known at points on them, in the cube of side 1.1, and near them."""
    generator = torch.Generator().manual_seed(0)
    sizes = torch.tensor(radii)[:, None]
    surface = sizes * normalize(torch.randn(len(radii), count, 3, generator=generator), dim=-1)
    volume = 1.1 * (torch.rand(surface.shape, generator=generator) - 0.5)
    near = surface + 0.03 * torch.randn(surface.shape, generator=generator)
    return ShapeSet(
        names=tuple(f"ellipsoid {each}" for each in radii),
        points=surface,
        volume_points=volume,
        occupancies=(volume / sizes).norm(dim=-1) < 1,
        near_points=near,
        near_occupancies=(near / sizes).norm(dim=-1) < 1,
    )


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def two():
    """A flat ellipsoid and a tall one."""
    return ellipsoids((0.45, 0.2, 0.45), (0.2, 0.45, 0.2))


@pytest.fixture(scope="session")
def learnt(two):
    """A model that knows both by heart."""
    network = replace(TINY.network, width=32, vectors=16)
    config = replace(TINY, network=network, points=128, volume=200, near=100, lr=3e-3, near_weight=1.0)
    return train_vecset(two, config, steps=400).model

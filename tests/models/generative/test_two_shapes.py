"""Every generator learns two shapes by heart: most of what it draws is one of them, and both are drawn."""

import pytest
import torch

from box_clouds import box_clouds
from diffshape import models
from diffshape.data import ShapeSet
from diffshape.ops import set_distances

POINTS = 48
CUBE = box_clouds(1, POINTS).points / box_clouds(1, POINTS).points.abs().amax((0, 1))
SHAPES = ShapeSet(
    names=("plate", "pole"),
    points=torch.cat([CUBE * torch.tensor([0.45, 0.08, 0.45]), CUBE * torch.tensor([0.1, 0.45, 0.1])]),
)
BATCH = ShapeSet(names=tuple("abcdefghijklmnop"), points=SHAPES.points.repeat(8, 1, 1))
"""The two over and over, as a critic wants more than two examples in a step."""


@pytest.fixture(scope="module")
def autoencoder():
    network = models.PointNetNetwork(points=POINTS, encoder=(32, 64), latent=16, decoder=(64,))
    config = models.PointNetConfig(network=network, lr=5e-3)
    return models.train_autoencoder(SHAPES, config, steps=100, device="cpu").model


def draws_both(generator):
    """Whether most of 100 samples are within a fifth of the distance between the shapes, and 20 or more of each."""
    distances = set_distances(generator.sample(100, seed=1), SHAPES.points)
    near = distances < 0.2 * set_distances(SHAPES.points)[0, 1]
    return near.sum() > 60 and near.sum(0).min() >= 20


def test_a_mixture(autoencoder):
    pytest.importorskip("sklearn")
    config = models.MixtureConfig(components=2, ridge=1e-4)
    assert draws_both(models.train_mixture(autoencoder, SHAPES, config, device="cpu").model)


def test_a_flow(autoencoder):
    config = models.FlowConfig(hidden=(64, 64), lr=5e-3)
    assert draws_both(models.train_flow(autoencoder, SHAPES, config, steps=500, device="cpu").model)


@pytest.mark.parametrize("objective", ["gan", "wgan-gp"])
def test_a_latent_gan(autoencoder, objective):
    config = models.LatentGANConfig(
        objective=objective, generator=(32, 32), critic=(64, 64), noise=4, lr=2e-3, batch=16
    )
    assert not draws_both(models.train_latent_gan(autoencoder, BATCH, config, steps=1, device="cpu").model)
    assert draws_both(models.train_latent_gan(autoencoder, BATCH, config, steps=800, device="cpu").model)


def test_a_raw_gan():
    config = models.RawGANConfig(
        points=POINTS, generator=(64,), point_features=(32, 64), critic=(64,), noise=1, lr=3e-3, batch=16
    )
    assert not draws_both(models.train_raw_gan(BATCH, config, steps=1, device="cpu").model)
    assert draws_both(models.train_raw_gan(BATCH, config, steps=1000, device="cpu").model)

from dataclasses import replace

import pytest
import torch

from box_clouds import box_clouds
from diffshape.data import ShapeSet
from diffshape.models import PointNetConfig, PointNetNetwork, train_autoencoder

TINY = PointNetConfig(network=PointNetNetwork(points=16, encoder=(8,), latent=4, decoder=(8,)), batch=2)


def weights(shapes, config, **options):
    return torch.cat([each.flatten() for each in train_autoencoder(shapes, config, **options).model.parameters()])


def test_rate_and_batch_act():
    shapes = box_clouds(4, 32)
    usual = weights(shapes, TINY, steps=3)
    assert torch.equal(usual, weights(shapes, TINY, steps=3))
    assert not torch.equal(usual, weights(shapes, replace(TINY, lr=1e-2), steps=3))
    assert not torch.equal(usual, weights(shapes, replace(TINY, batch=3), steps=3))
    assert not torch.equal(usual, weights(shapes, TINY, steps=3, seed=1))


def test_the_rate_falls_along_half_a_cosine():
    heard = []
    train_autoencoder(box_clouds(2, 32), TINY, steps=4, observers=[lambda report: heard.append(report.lr)])
    assert heard == pytest.approx(
        [1e-3, 1e-3 * (0.01 + 0.99 * 0.8535534), 1e-3 * 0.505, 1e-3 * (0.01 + 0.99 * 0.1464466)]
    )


def test_the_model_comes_back_in_evaluation_mode():
    assert not train_autoencoder(box_clouds(2, 32), TINY, steps=1).model.training


def test_fewer_points_than_are_made_are_enough_for_chamfer_only():
    shapes = box_clouds(2, 10)
    train_autoencoder(shapes, TINY, steps=1)
    with pytest.raises(ValueError, match=r"shapes must have 16 points or more, .* for the loss earth_mover; got 10"):
        train_autoencoder(shapes, replace(TINY, loss="earth_mover"), steps=1)


def test_shapes_without_points_are_refused():
    shapes = ShapeSet(names=("a",), voxels=torch.ones(1, 4, 4, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match="train_autoencoder: shapes must have points, got ShapeSet"):
        train_autoencoder(shapes, TINY, steps=1)

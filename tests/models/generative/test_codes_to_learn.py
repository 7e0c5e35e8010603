import pytest
import torch
from torch import nn

from box_clouds import box_clouds
from diffshape.data import Mesh, ShapeSet
from diffshape.models import (
    VecSetConfig,
    VecSetNetwork,
    VoxelConfig,
    VoxelNetwork,
    build_model,
    load,
    train_flow,
    train_vecset,
)
from diffshape.models.generative.codes_to_learn import CodedShapes, codes_to_learn


def test_codes_are_those_of_evaluation_mode_without_gradients(autoencoder, shapes):
    training = build_model(autoencoder.config).train()
    before = {name: value.clone() for name, value in training.state_dict().items()}
    _, codes = codes_to_learn("learn", CodedShapes(training, shapes))
    assert torch.equal(codes, autoencoder.codes_of(shapes))
    assert not codes.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in training.state_dict().items())


def test_codes_of_any_model_that_has_some_are_learnt():
    voxels = torch.rand(3, 4, 4, 4, generator=torch.Generator().manual_seed(0)) > 0.5
    grids = ShapeSet(names=("a", "b", "c"), voxels=voxels)
    model = build_model(VoxelConfig(network=VoxelNetwork(resolution=4, base_channels=2, layers=1, latent=3)))
    assert train_flow(model, grids, steps=2).model.sample(2).shape == (2, 4, 4, 4)


def test_a_training_does_not_touch_the_autoencoder(autoencoder, shapes):
    before = {name: value.clone() for name, value in autoencoder.state_dict().items()}
    train_flow(autoencoder, shapes, steps=2)
    assert all(torch.equal(value, before[name]) for name, value in autoencoder.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in autoencoder.parameters())


class WithoutNumbers(nn.Linear):
    """An autoencoder whose codes are NaN."""

    def codes_of(self, shapes):
        return torch.full((len(shapes), 2), torch.nan)

    decode_codes = save = codes_of


@pytest.mark.parametrize(
    ("examples", "error", "message"),
    [
        (
            (nn.Linear(1, 1), box_clouds(2)),
            TypeError,
            "autoencoder must be a trained model with codes_of and decode_co",
        ),
        ((WithoutNumbers(1, 1), box_clouds(2)), ValueError, "the autoencoder must give finite codes to all shapes"),
        ((WithoutNumbers(1, 1), torch.zeros(2, 5, 3)), TypeError, "shapes must be a ShapeSet, got a Tensor"),
        (box_clouds(2), TypeError, "the data must be an autoencoder and the shapes whose codes are learnt, both"),
    ],
)
def test_what_is_wrong_is_said(examples, error, message):
    with pytest.raises(error, match=f"^learn: {message}"):
        codes_to_learn("learn", examples)


def test_shapes_must_suit_the_autoencoder(autoencoder):
    grids = ShapeSet(names=("a",), voxels=torch.ones(1, 4, 4, 4, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"PointNetModel.codes_of: shapes must have points, got ShapeSet"):
        train_flow(autoencoder, grids, steps=1)


def test_codes_of_a_model_of_surfaces_decode_to_meshes(tmp_path):
    network = VecSetNetwork(vectors=4, width=8, layers=1, heads=2)
    shapes = box_clouds(3, 60)
    inside = ShapeSet(
        names=shapes.names,
        points=shapes.points,
        volume_points=shapes.points * 1.1,
        occupancies=torch.rand(3, 60) > 0.5,
        near_points=shapes.points,
        near_occupancies=torch.rand(3, 60) > 0.5,
    )
    config = VecSetConfig(network=network, batch=2, points=32, volume=40, near=20)
    model = train_flow(train_vecset(inside, config, steps=1).model, inside, steps=2).model
    assert [type(each) for each in model.sample(2)] == [Mesh, Mesh]
    model.save(tmp_path)
    assert torch.equal(load(tmp_path).draw_codes(2), model.draw_codes(2))

from dataclasses import replace

import pytest
import torch

from diffshape.losses import chamfer_distance, earth_mover_distance
from diffshape.models import PUBLISHED_POINT_NET, PointNetConfig, PointNetNetwork, build_model

SMALL = PointNetNetwork(points=16, encoder=(8,), latent=4, decoder=(8,))


def made_by(network):
    """What a network makes in training of clouds of one point, among whose maxima are some below 0."""
    clouds = torch.rand(4, 1, 3, generator=torch.Generator().manual_seed(0))
    return build_model(PointNetConfig(network=network)).train()(clouds)


@pytest.mark.parametrize(
    ("field", "value"), [("points", 17), ("encoder", (8, 8)), ("latent", 5), ("final_relu", True), ("decoder", (9,))]
)
def test_every_field_of_the_network_acts(field, value):
    one, other = made_by(SMALL), made_by(replace(SMALL, **{field: value}))
    assert one.shape != other.shape or not torch.equal(one, other)


def test_the_loss_named_is_the_loss_computed():
    pred, target = torch.rand(2, 3, 40, 3, generator=torch.Generator().manual_seed(1))
    for config, expected in (
        (PointNetConfig(), chamfer_distance(pred, target)),
        (PointNetConfig(loss="earth_mover"), earth_mover_distance(pred, target)),
        (PointNetConfig(loss="earth_mover", solver="auction"), earth_mover_distance(pred, target, solver="auction")),
    ):
        terms = build_model(config).loss(pred, target)
        assert terms.total == expected
        assert terms.parts[config.loss] == expected
        assert expected != (pred - target).square().mean()


def test_the_published_network_has_its_published_size():
    model = build_model(PUBLISHED_POINT_NET)
    assert sum(parameter.numel() for parameter in model.parameters()) == 1_770_240
    clouds = torch.rand(2, 100, 3) - 0.5
    assert model.encode(clouds).shape == (2, 128)
    assert model(clouds).shape == (2, 2048, 3)
    assert (PUBLISHED_POINT_NET.lr, PUBLISHED_POINT_NET.batch) == (5e-4, 50)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PointNetNetwork(points=0), "PointNetNetwork: points must be at least 1, got 0"),
        (lambda: PointNetNetwork(latent=0), "PointNetNetwork: latent must be at least 1, got 0"),
        (lambda: PointNetNetwork(encoder=(8, 0)), "encoder must hold sizes of 1 or more"),
        (lambda: PointNetNetwork(decoder=(-1,)), "decoder must hold sizes of 1 or more"),
        (lambda: PointNetConfig(loss="hausdorff"), "loss must be one of chamfer, earth_mover"),
        (lambda: PointNetConfig(solver="exact"), "solver acts only with loss earth_mover, got loss chamfer"),
        (lambda: PointNetConfig(lr=0.0), "lr must be positive"),
        (lambda: PointNetConfig(batch=0), "batch must be at least 1"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()

from dataclasses import fields, replace

import pytest
import torch

from diffshape import losses, models
from diffshape._config import from_plain, to_plain
from diffshape.models import (
    MeshConfig,
    MeshNetwork,
    PointCloudConfig,
    PointCloudNetwork,
    VoxelConfig,
    VoxelNetwork,
    build_model,
)

OTHER_NETWORK = {
    PointCloudNetwork: {"points": 25, "tokens": 4, "width": 12, "hidden": (9,), "layers": 2, "heads": 4, "latent": 5},
    MeshNetwork: {"template": "torus", "subdivisions": 0, "hidden": (9,), "latent": 5},
    VoxelNetwork: {"resolution": 8, "base_channels": 3, "layers": 1, "latent": 5},
}


def trace(config, samples):
    """What a training step sees: outputs and gradients, with dropout drawn from one seed."""
    model = build_model(config).train()
    if isinstance(config, VoxelConfig):
        samples = torch.ones(2, *[config.network.resolution] * 3)
    torch.manual_seed(0)
    made = model(samples)
    made.square().sum().backward()
    return [made.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


def differ(one, other):
    return [each.shape for each in one] != [each.shape for each in other] or not all(map(torch.equal, one, other))


def test_every_field_of_every_network_acts(config, samples):
    changes = {**OTHER_NETWORK[type(config.network)], "activation": "tanh", "dropout": 0.5}
    assert {field.name for field in fields(config.network)} == {*changes, "checkpointing"}  # tested in test_layers
    before = trace(config, samples)
    assert not differ(before, trace(config, samples))
    for name, value in changes.items():
        network = replace(config.network, **{name: value})
        assert differ(before, trace(replace(config, network=network), samples)), name


@pytest.mark.parametrize(
    ("config", "field", "value"),
    [
        (PointCloudConfig(), "loss", "earth_mover"),
        (PointCloudConfig(), "squared", False),
        (PointCloudConfig(loss="sinkhorn"), "blur", 0.3),
        (MeshConfig(), "vertex_weight", 2.0),
        (MeshConfig(), "normal_weight", 2.0),
        (MeshConfig(), "edge_weight", 2.0),
        (VoxelConfig(), "loss", "dice"),
        (VoxelConfig(), "positive_weight", 3.0),
        (VoxelConfig(loss="focal"), "focal_gamma", 1.0),
        (VoxelConfig(loss="focal"), "focal_alpha", 0.3),
    ],
)
def test_every_field_of_every_objective_acts(config, field, value):
    network = {"PointCloudConfig": {"points": 8}, "MeshConfig": {"subdivisions": 0}, "VoxelConfig": {"resolution": 4}}
    config = replace(config, network=replace(config.network, **network[type(config).__name__]))
    model = build_model(config)
    generator = torch.Generator().manual_seed(0)
    shape = {"PointCloudConfig": (2, 8, 3), "MeshConfig": (2, 12, 3), "VoxelConfig": (2, 4, 4, 4)}[
        type(config).__name__
    ]
    pred, target = torch.rand(2, *shape, generator=generator)
    other = build_model(replace(config, **{field: value}))
    assert model.loss(pred, target).total != other.loss(pred, target).total


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PointCloudConfig(loss="mse"), "loss must be one of chamfer, .*, got 'mse'"),
        (lambda: PointCloudConfig(blur=0.1), "blur acts only with loss sinkhorn, got loss chamfer"),
        (lambda: PointCloudConfig(loss="sinkhorn", squared=True), "squared acts only with loss chamfer or"),
        (lambda: PointCloudConfig(loss="sinkhorn", blur=0.0), "blur must be positive"),
        (lambda: PointCloudNetwork(width=30), "width must be a multiple of heads, got 30 and 4 heads"),
        (lambda: PointCloudNetwork(points=0), "points must be 1 or more, got 0"),
        (lambda: PointCloudNetwork(dropout=1.0), r"dropout must be a share in \[0, 1\)"),
        (lambda: MeshConfig(edge_weight=-1.0), "edge_weight must be 0 or more"),
        (lambda: MeshConfig(vertex_weight=0.0, normal_weight=0.0, edge_weight=0.0), "must be positive"),
        (lambda: MeshNetwork(template="cube"), "template must be one of icosphere, torus"),
        (lambda: MeshNetwork(hidden=(8, 0)), "hidden must hold sizes of 1 or more"),
        (lambda: VoxelConfig(focal_gamma=1.0), "focal_gamma acts only with loss focal, got loss cross_entropy"),
        (lambda: VoxelConfig(loss="focal", focal_gamma=-1.0), "focal_gamma must be 0 or more"),
        (lambda: VoxelConfig(loss="focal", focal_alpha=2.0), "focal_alpha must lie between 0 and 1"),
        (lambda: VoxelConfig(loss="dice", positive_weight=2.0), "positive_weight acts only with loss cross_entropy"),
        (lambda: VoxelConfig(positive_weight=0.0), "positive_weight must be positive"),
        (lambda: VoxelNetwork(resolution=3), "resolution must be 4 or more, got 3"),
        (lambda: VoxelNetwork(activation="wavy"), "activation must be one of"),
        (lambda: from_plain(VoxelConfig, {"network": {"depth": 3}}), r"there is no setting .*depth"),
        (lambda: from_plain(MeshConfig, {"speed": 3}), r"there is no setting .*speed"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_unknown_key_raises():
    with pytest.raises(TypeError, match="loss_type"):
        models.PointCloudConfig(loss_type="chamfer")


def test_plain_values_come_back(config):
    assert from_plain(type(config), to_plain(config)) == config


POINT_LOSSES = {
    "chamfer": losses.chamfer_distance,
    "density_aware_chamfer": losses.density_aware_chamfer_distance,
    "earth_mover": losses.earth_mover_distance,
    "hausdorff": losses.hausdorff_distance,
    "sinkhorn": losses.sinkhorn_divergence,
    "sliced_wasserstein": losses.sliced_wasserstein_distance,
}


@pytest.mark.parametrize("name", POINT_LOSSES)
def test_the_point_loss_named_is_the_loss_computed(name):
    pred, target = torch.rand(2, 3, 16, 3, generator=torch.Generator().manual_seed(1))
    model = build_model(PointCloudConfig(loss=name))
    torch.manual_seed(0)
    expected = POINT_LOSSES[name](pred, target)
    torch.manual_seed(0)  # of the random lines of the sliced distance
    terms = model.loss(pred, target)
    assert terms.total == expected
    assert terms.parts[name] == expected
    assert expected != (pred - target).square().mean()


def test_the_voxel_loss_named_is_the_loss_computed():
    pred, target = torch.rand(2, 3, 4, 4, 4, generator=torch.Generator().manual_seed(1))
    for config, expected in (
        (VoxelConfig(), losses.voxel_cross_entropy(pred, target)),
        (VoxelConfig(positive_weight=2.0), losses.voxel_cross_entropy(pred, target, positive_weight=2.0)),
        (VoxelConfig(loss="focal"), losses.voxel_focal_loss(pred, target)),
        (
            VoxelConfig(loss="focal", focal_gamma=0.5, focal_alpha=0.2),
            losses.voxel_focal_loss(pred, target, gamma=0.5, alpha=0.2),
        ),
        (VoxelConfig(loss="dice"), losses.voxel_dice_loss(pred, target)),
    ):
        assert build_model(config).loss(pred, target).total == expected


def test_the_mesh_loss_has_the_weights_of_the_settings():
    model = build_model(MeshConfig(vertex_weight=0.5, normal_weight=2.0, edge_weight=3.0))
    pred = model.template + 0.1 * torch.rand(2, len(model.template), 3, generator=torch.Generator().manual_seed(1))
    target = model.template.expand_as(pred)
    expected = losses.mesh_loss(pred, target, model.faces, vertex_weight=0.5, normal_weight=2.0, edge_weight=3.0)
    assert model.loss(pred, target).total == expected.total
    assert model.loss(pred, target).log() == expected.log()

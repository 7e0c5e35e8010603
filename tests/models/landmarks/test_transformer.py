from dataclasses import fields, replace

import pytest
import torch

from diffshape.data import spine_phantoms
from diffshape.losses import Skeleton
from diffshape.models import (
    LandmarkTransformer,
    LandmarkTransformerConfig,
    load,
    train_landmarks,
)
from diffshape.models.landmarks.transformer import backbone_library, sine_positions, vertebral_relations

SMALL = LandmarkTransformerConfig(
    backbone="resnet10t",
    pretrained=False,
    width=32,
    heads=2,
    bridge_layers=1,
    query_layers=1,
    feed_forward=32,
    dropout=0.0,
)


@pytest.fixture(scope="module", autouse=True)
def library():
    """timm, where it can be imported."""
    try:
        return backbone_library()
    except ImportError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("skeleton", [Skeleton.anteroposterior(), Skeleton.lateral()])
def test_one_query_a_landmark(skeleton):
    output = LandmarkTransformer(skeleton, SMALL)(torch.randn(2, 1, 64, 96))
    assert output.heatmaps.shape == (2, skeleton.count, 16, 24)
    assert output.log_variance.shape == (2, skeleton.count, 2)


@pytest.mark.slow
def test_the_network_of_the_design():
    network = LandmarkTransformer(Skeleton.lateral(), LandmarkTransformerConfig(pretrained=False), start=1.5).eval()
    with torch.no_grad():
        output = network(torch.randn(1, 1, 64, 64))
    assert output.heatmaps.shape == (1, 22, 16, 16)
    torch.testing.assert_close(output.log_variance, torch.full((1, 22, 2), 1.5))
    assert 20e6 < sum(parameter.numel() for parameter in network.parameters()) < 40e6


def test_every_parameter_learns():
    network = LandmarkTransformer(Skeleton.lateral(2), SMALL)
    torch.nn.init.normal_(network.to_variance.weight)
    output = network(torch.randn(2, 1, 64, 64))
    (output.heatmaps.square().sum() + output.log_variance.square().sum()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []
    assert network.attention[0].bias.grad.abs().sum() > 0


@pytest.mark.parametrize("name", [field.name for field in fields(LandmarkTransformerConfig)])
def test_every_setting_changes_the_network(name, library, monkeypatch):
    other = {
        "backbone": "resnet14t",
        "pretrained": True,
        "width": 64,
        "heads": 4,
        "bridge_layers": 2,
        "query_layers": 2,
        "feed_forward": 64,
        "dropout": 0.5,
    }
    asked = []
    create = library.create_model
    monkeypatch.setattr(
        library,
        "create_model",
        lambda backbone, pretrained, **options: (
            asked.append((backbone, pretrained)) or create(backbone, pretrained=False, **options)
        ),
    )
    torch.manual_seed(0)
    first = LandmarkTransformer(Skeleton.lateral(1), SMALL)
    torch.manual_seed(0)
    second = LandmarkTransformer(Skeleton.lateral(1), replace(SMALL, **{name: other[name]}))
    shapes = [{key: value.shape for key, value in each.state_dict().items()} for each in (first, second)]
    images = torch.randn(2, 1, 64, 64)
    torch.manual_seed(1)
    one = first(images).heatmaps
    torch.manual_seed(1)
    assert asked[0] != asked[1] or shapes[0] != shapes[1] or not torch.allclose(one, second(images).heatmaps)


def test_trained_saved_and_loaded_without_a_download(tmp_path):
    data = spine_phantoms(4)
    result = train_landmarks(data, SMALL, steps=2)
    detector = result.model
    assert result.outcome.skipped == 0
    detector.network_config = replace(SMALL, pretrained=True)
    detector.save(tmp_path)
    loaded = load(tmp_path)
    torch.testing.assert_close(loaded.detect(data.images).landmarks, detector.detect(data.images).landmarks)


def test_relations_are_those_of_the_spine():
    relations = vertebral_relations(Skeleton.lateral(3))
    assert relations.shape == (14, 14)
    assert torch.equal(relations, relations.T)
    assert relations[:4, :4].eq(0).all()
    assert relations[:4, 4:8].eq(1).all()
    assert relations[:4, 8:].eq(2).all()
    assert relations[8:12, 12:].eq(1).all()  # L3 and the end-plate below
    loose = Skeleton(quadrilaterals=((0, 1, 2, 3),), count=5)
    assert vertebral_relations(loose)[4].tolist() == [2, 2, 2, 2, 0]


def test_every_place_has_a_position_of_its_own():
    positions = sine_positions(torch.zeros(1, 32, 6, 9)).flatten(1).T
    apart = torch.cdist(positions, positions) + 9 * torch.eye(54)
    assert apart.min() > 0.5


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (1, 1, 64, 48)])
def test_other_images_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 32, got"):
        LandmarkTransformer(Skeleton.lateral(), SMALL)(torch.zeros(shape))

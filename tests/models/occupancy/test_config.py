import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch
import yaml

from diffshape._config import from_plain, to_plain
from diffshape.models import (
    PUBLISHED_OCCUPANCY,
    PUBLISHED_OCCUPANCY_VAE,
    PUBLISHED_VOXEL_OCCUPANCY,
    OccupancyConfig,
    OccupancyNetwork,
    train_occupancy,
)

PUBLISHED = (PUBLISHED_OCCUPANCY, PUBLISHED_VOXEL_OCCUPANCY, PUBLISHED_OCCUPANCY_VAE)
TINY = OccupancyConfig(
    code=4, width=8, blocks=1, encoder_width=4, encoder_blocks=2, inputs=20, points=16, batch=1, validation=0.0
)
OTHER = {
    "input": "voxels",
    "code": 5,
    "width": 9,
    "blocks": 2,
    "conditioning": "additive",
    "encoder_width": 5,
    "encoder_blocks": 1,
    "waves": 2,
    "inputs": 21,
    "noise": 0.1,
    "points": 17,
    "near": 0.25,
    "batch": 2,
    "lr": 1e-3,
    "last_lr": 0.5,
    "validation": 0.5,
}


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("config", [OccupancyConfig(), *PUBLISHED])
def test_plain_values_come_back(config):
    assert from_plain(OccupancyConfig, yaml.safe_load(yaml.safe_dump(to_plain(config)))) == config


def test_parameters_as_published():
    """3.55 M and 2.11 M in the decoders with conditional batch normalisation; the encoders as in the released code."""
    points, voxels, variational = (OccupancyNetwork(config) for config in PUBLISHED)
    assert (parameters(points.decoder), parameters(voxels.decoder)) == (3_548_417, 2_106_625)
    assert parameters(variational.decoder) == 182_273
    assert parameters(points.encoder) == 6_825_472
    assert parameters(voxels.encoder) == 5_750_848
    assert parameters(variational.encoder) == 115_968  # one offset of 128 fewer than published: 4 inputs, one layer


def test_every_setting_changes_what_is_learnt(two_boxes):
    def learnt(**changes):
        weights = train_occupancy(two_boxes, replace(TINY, **changes), steps=3).model.state_dict()
        return torch.cat([value.flatten().float() for value in weights.values()])

    assert {*OTHER, "kl_weight"} == {field.name for field in fields(OccupancyConfig)}
    before, random_codes = learnt(), learnt(input="occupancies")
    assert torch.equal(before, learnt())
    for name, value in OTHER.items():
        assert not torch.equal(before, learnt(**{name: value})), name
    assert not torch.equal(random_codes, learnt(input="occupancies", kl_weight=0.5))


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.occupancy.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code": 0}, "code must be at least 1, got 0"),
        ({"blocks": 0}, "blocks must be at least 1, got 0"),
        ({"noise": -1.0}, "noise must be a number of 0 or more"),
        ({"near": 1.5}, "near must be a number from 0 to 1"),
        ({"lr": 0.0}, "lr must be a positive number"),
        ({"validation": 1.0}, "validation must be a share of 0 or more, below 1, got 1.0"),
        ({"conditioning": "cbn"}, "conditioning must be one of additive, film, batch_norm, once"),
        ({"input": "mesh"}, "input must be one of points, voxels, images, occupancies"),
    ],
)
def test_a_bad_value_raises_one_sentence(options, message):
    with pytest.raises(ValueError, match=f"OccupancyConfig: {message}"):
        OccupancyConfig(**options)

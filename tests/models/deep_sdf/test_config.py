import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch
import yaml

from diffshape._config import from_plain, to_plain
from diffshape.fields import LatentMLPConfig
from diffshape.models import PUBLISHED_DEEP_SDF, DeepSDFConfig, sample_family, train_deep_sdf

TINY = DeepSDFConfig(
    network=LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=(1,)), batch=2, points=16, samples=400
)
OTHER = {
    "network": replace(TINY.network, width=17),
    "clamp": 0.05,
    "code_weight": 0.1,
    "code_ramp": 0.9,
    "lr": 1e-2,
    "code_lr": 1e-2,
    "halve": 0.6,
    "batch": 3,
    "points": 18,
    "samples": 402,
    "near": 0.5,
    "spreads": (0.1, 0.02),
}


@pytest.mark.parametrize("config", [DeepSDFConfig(), PUBLISHED_DEEP_SDF, TINY])
def test_plain_values_come_back(config):
    assert from_plain(DeepSDFConfig, yaml.safe_load(yaml.safe_dump(to_plain(config)))) == config


def test_every_setting_changes_what_is_learnt(ellipsoids):
    drawn = sample_family(ellipsoids[:3], TINY)  # it takes longest, and few settings act on it

    def learnt(**changes):
        config = replace(TINY, **{"code_weight": 1e-2, **changes})
        anew = {"samples", "near", "spreads"} & set(changes)
        return train_deep_sdf(sample_family(ellipsoids[:3], config) if anew else drawn, config, steps=4).model.codes

    assert OTHER.keys() == {field.name for field in fields(DeepSDFConfig)}
    before = learnt()
    assert torch.equal(before, learnt())
    for name, value in OTHER.items():
        assert not torch.equal(before, learnt(**{name: value})), name


def test_the_published_settings():
    assert PUBLISHED_DEEP_SDF.network == LatentMLPConfig()
    assert (PUBLISHED_DEEP_SDF.lr, PUBLISHED_DEEP_SDF.code_lr) == (5e-4, 1e-3)
    assert (PUBLISHED_DEEP_SDF.batch, PUBLISHED_DEEP_SDF.points) == (64, 16_384)
    assert [round(2001 * share) for share in (PUBLISHED_DEEP_SDF.code_ramp, PUBLISHED_DEEP_SDF.halve)] == [100, 500]
    assert [round(spread**2, 4) for spread in PUBLISHED_DEEP_SDF.spreads] == [0.005, 0.0005]
    assert PUBLISHED_DEEP_SDF.near == 47 / 50


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.deep_sdf.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clamp": 0.0}, "clamp must be positive, got 0.0"),
        ({"lr": -1.0}, "lr must be positive"),
        ({"code_lr": 0.0}, "code_lr must be positive"),
        ({"halve": 0.0}, "halve must be positive"),
        ({"code_weight": -1.0}, "code_weight must be 0 or more"),
        ({"code_ramp": -1.0}, "code_ramp must be 0 or more"),
        ({"batch": 0}, "batch must be 1 or more, got 0"),
        ({"points": 1}, "points must be 2 or more, got 1"),
        ({"samples": 1}, "samples must be 2 or more, got 1"),
        ({"near": 1.1}, r"near must be a share in \[0, 1\], got 1.1"),
        ({"spreads": (0.1,)}, "spreads must be a list of 2 numbers"),
        ({"spreads": (0.1, -0.1)}, "spreads must be two lengths"),
    ],
)
def test_a_bad_value_raises_one_sentence(options, message):
    with pytest.raises(ValueError, match=f"DeepSDFConfig: {message}"):
        DeepSDFConfig(**options)

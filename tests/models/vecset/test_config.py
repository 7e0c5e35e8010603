import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch
import yaml

from diffshape._config import from_plain, to_plain
from diffshape.models import PUBLISHED_VECSET, VecSetConfig, VecSetNetwork, VecSetSettings, train_vecset

OTHER = {
    "batch": 1,
    "points": 33,
    "volume": 41,
    "near": 21,
    "near_weight": 0.2,
    "kl_weight": 0.5,
    "lr": 1e-2,
    "warmup": 0.5,
    "weight_decay": 0.9,
}
OTHER_NETWORK = {"vectors": 9, "width": 10, "layers": 2, "heads": 1, "bottleneck": 2, "drop_path": 0.5}


@pytest.mark.parametrize("config", [VecSetConfig(), PUBLISHED_VECSET])
def test_plain_values_come_back(config):
    assert from_plain(VecSetConfig, yaml.safe_load(yaml.safe_dump(to_plain(config)))) == config
    settings = VecSetSettings(config=config)
    assert VecSetSettings.from_dict(yaml.safe_load(yaml.safe_dump(settings.to_dict()))) == settings


def test_every_setting_changes_what_is_learnt(tiny, two):
    def learnt(config):
        model = train_vecset(two, config, steps=3).model
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    assert OTHER.keys() == {item.name for item in fields(VecSetConfig)} - {"network"}
    assert OTHER_NETWORK.keys() == {item.name for item in fields(VecSetNetwork)}
    config = replace(tiny, network=replace(tiny.network, bottleneck=3))
    before = learnt(config)
    assert torch.equal(before, learnt(config))
    changed = [replace(config, **{name: value}) for name, value in OTHER.items()]
    changed += [
        replace(config, network=replace(config.network, **{name: each})) for name, each in OTHER_NETWORK.items()
    ]
    for other in changed:
        assert not torch.equal(before, learnt(other)), other


def test_the_published_settings():
    network = PUBLISHED_VECSET.network
    assert (network.vectors, network.width, network.layers, network.heads) == (512, 512, 24, 8)
    assert (network.bottleneck, network.drop_path) == (64, 0.1)
    assert (PUBLISHED_VECSET.points, PUBLISHED_VECSET.volume, PUBLISHED_VECSET.near) == (2048, 1024, 1024)
    assert (PUBLISHED_VECSET.near_weight, PUBLISHED_VECSET.kl_weight) == (0.1, 1e-3)
    assert (PUBLISHED_VECSET.lr, PUBLISHED_VECSET.batch, PUBLISHED_VECSET.warmup) == (1e-4, 256, 40 / 800)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VecSetNetwork(vectors=0), "vectors must be 1 or more"),
        (lambda: VecSetNetwork(width=10, heads=4), "width must be a multiple of heads, got 10 and 4"),
        (lambda: VecSetNetwork(bottleneck=0), "bottleneck must be 1 or more, or None"),
        (lambda: VecSetNetwork(drop_path=1.0), "drop_path must be a share"),
        (lambda: VecSetConfig(points=31), "points must be 32 or more, got 31"),
        (lambda: VecSetConfig(near=-1), "near must be 0 or more"),
        (lambda: VecSetConfig(kl_weight=-1.0), "kl_weight must be 0 or more"),
        (lambda: VecSetConfig(lr=0.0), "lr must be positive"),
        (lambda: VecSetConfig(warmup=1.0), "warmup must be a share"),
        (lambda: VecSetSettings(steps=0), "steps must be at least 1"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.vecset.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

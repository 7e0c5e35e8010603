import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch
import yaml

from diffshape._config import from_plain, to_plain
from diffshape.models import ORIGINAL_IMNET, PUBLISHED_IMNET, ImNetConfig, ImNetNetwork, ImNetSettings, train_imnet

OTHER = {
    "network": None,
    "stages": (4, 4, 8),
    "shares": (0.5, 0.25, 0.25),
    "cells": (64, 200, 1000),
    "batch": 1,
    "points": 65,
    "fill": True,
    "lr": 1e-2,
    "final": 0.5,
    "beta": 0.9,
}
OTHER_NETWORK = {
    "version": "original",
    "initialization": "published",
    "resolution": 16,
    "latent": 5,
    "width": 5,
    "encoder_width": 5,
}


@pytest.mark.parametrize("config", [ImNetConfig(), PUBLISHED_IMNET, ORIGINAL_IMNET])
def test_plain_values_come_back(config):
    assert from_plain(ImNetConfig, yaml.safe_load(yaml.safe_dump(to_plain(config)))) == config
    settings = ImNetSettings(config=config)
    assert ImNetSettings.from_dict(yaml.safe_load(yaml.safe_dump(settings.to_dict()))) == settings


def test_the_published_settings():
    for config in (PUBLISHED_IMNET, ORIGINAL_IMNET):
        assert (config.stages, config.shares) == ((16, 32, 64), (0.25, 0.25, 0.5))  # epochs 50, 100, 200
        assert (config.cells, config.lr, config.final, config.beta) == ((4096, 8192, 32_768), 5e-5, 1, 0.5)
        assert config.network.initialization == "published"
    assert (PUBLISHED_IMNET.batch, PUBLISHED_IMNET.points, PUBLISHED_IMNET.network.latent) == (32, 4096, 256)
    assert (ORIGINAL_IMNET.batch, ORIGINAL_IMNET.points, ORIGINAL_IMNET.network.latent) == (1, 16_384, 128)


def test_every_setting_changes_what_is_learnt(tiny, two):
    shells = replace(two, voxels=two.voxels.clone())
    shells.voxels[:, 6:10, 7:9, 6:10] = False

    def learnt(config):
        model = train_imnet(shells, config, steps=4).model
        return torch.cat([parameter.flatten() for parameter in model.parameters()])

    assert OTHER.keys() == {item.name for item in fields(ImNetConfig)}
    assert OTHER_NETWORK.keys() == {item.name for item in fields(ImNetNetwork)}
    before = learnt(tiny)
    assert torch.equal(before, learnt(tiny))
    changed = [replace(tiny, **{name: value}) for name, value in OTHER.items() if name != "network"]
    changed += [replace(tiny, network=replace(tiny.network, **{name: value})) for name, value in OTHER_NETWORK.items()]
    for config in changed:
        assert not torch.equal(before, learnt(config)), config


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ImNetNetwork(resolution=24), "resolution must be a power of two of 8 or more, got 24"),
        (lambda: ImNetNetwork(resolution=4), "power of two of 8 or more, got 4"),
        (lambda: ImNetNetwork(width=0), "width must be 1 or more"),
        (lambda: ImNetNetwork(version="new"), "version must be one of improved, original"),
        (lambda: ImNetConfig(stages=()), "stages must hold numbers of 1 or more"),
        (lambda: ImNetConfig(stages=(16, 32)), "must be as many, got 2, 3 and 3"),
        (lambda: ImNetConfig(shares=(0.5, 0.5, 0.5)), "shares must be positive and 1 together"),
        (lambda: ImNetConfig(shares=(0.0, 0.5, 0.5)), "shares must be positive"),
        (lambda: ImNetConfig(cells=(0, 1, 1)), "cells must hold numbers of 1 or more"),
        (lambda: ImNetConfig(points=0), "points must be 1 or more"),
        (lambda: ImNetConfig(lr=0.0), "lr must be positive"),
        (lambda: ImNetConfig(final=0.0), "final must be a share of the learning rate"),
        (lambda: ImNetConfig(beta=1.0), r"beta must lie in \[0, 1\)"),
        (lambda: ImNetSettings(steps=0), "steps must be at least 1"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.imnet.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch
import yaml

from diffshape._config import from_plain, to_plain
from diffshape.models import PUBLISHED_PSGN, PSGNConfig, PSGNNetwork, train_psgn

SMALL = PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(16,), points=20)
TINY = PSGNConfig(network=SMALL, target_points=30, batch=4)
OTHER = {
    "network": replace(SMALL, grid_level=1, points=10),
    "scheme": "deterministic",
    "latent": 3,
    "candidates": 2,
    "relaxation": 0.3,
    "reads": "depths",
    "frame": "object",
    "loss": "weighted_chamfer",
    "target_points": 40,
    "batch": 3,
    "lr": 1e-2,
}


@pytest.mark.parametrize("config", [PSGNConfig(), PUBLISHED_PSGN, TINY, PSGNConfig(scheme="vae", kl_weight=0.5)])
def test_plain_values_come_back(config):
    assert from_plain(PSGNConfig, yaml.safe_load(yaml.safe_dump(to_plain(config)))) == config


def test_every_setting_changes_what_is_learnt(boxes):
    def learnt(config):
        return train_psgn(boxes, config, steps=4).model.predict(boxes.images[:, :1])

    assert {*OTHER, "kl_weight"} == {item.name for item in fields(PSGNConfig)}
    before = learnt(TINY)
    assert torch.equal(before, learnt(TINY))
    for name, value in OTHER.items():
        after = learnt(replace(TINY, **{name: value}))
        assert after.shape != before.shape or not torch.equal(before, after), name
    plain = replace(TINY, scheme="vae")
    assert not torch.equal(learnt(plain), learnt(replace(plain, kl_weight=10.0)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", (32, 16)), ("widths", (4, 8, 4)), ("hidden", (16, 16)), ("points", 21), ("grid_level", 1)],
)
def test_every_setting_of_the_network_changes_it(boxes, name, value):
    config = replace(TINY, network=replace(SMALL, **{name: value}))
    images = torch.rand(1, 1, *config.network.size, generator=torch.Generator().manual_seed(0))
    small = train_psgn(boxes, TINY, steps=1).model
    if name == "size":
        with pytest.raises(
            ValueError, match=r"must have images of the size of config.network, \(32, 16\), got \(2, 16, 16\)"
        ):
            train_psgn(boxes, config, steps=1)
        return
    other = train_psgn(boxes, config, steps=1).model
    counts = [sum(each.numel() for each in model.parameters()) for model in (small, other)]
    assert counts[0] != counts[1]
    assert other.predict(images).shape == (1, 1, config.network.count, 3)


def test_defaults_of_what_a_scheme_reads():
    config = PSGNConfig()
    assert (config.noise, config.tries, config.shared, config.divergence_weight) == (2, 12, 0.0, 3e-4)
    assert PSGNConfig(scheme="deterministic").noise == 0
    chosen = PSGNConfig(latent=3, candidates=2, relaxation=0.5)
    assert (chosen.noise, chosen.tries, chosen.shared) == (3, 2, 0.5)


def test_points_of_an_answer():
    assert PSGNNetwork(points=100).count == 100
    assert PSGNNetwork(points=100, grid_level=2).count == 100 + 16 * 16
    assert PUBLISHED_PSGN.network.count == 256 + 24 * 32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PSGNNetwork(widths=(4, 8)), "widths must hold three sizes or more, got"),
        (lambda: PSGNNetwork(widths=()), "widths must hold sizes of 1 or more"),
        (lambda: PSGNNetwork(hidden=(0,)), "hidden must hold sizes of 1 or more"),
        (lambda: PSGNNetwork(points=0), "points must be at least 1"),
        (lambda: PSGNNetwork(size=(64, 40)), r"size must be two multiples of 16, got \(64, 40\)"),
        (lambda: PSGNNetwork(size=(0, 64)), "size must be two multiples of 16"),
        (lambda: PSGNNetwork(grid_level=4), "grid_level must"),
        (lambda: PSGNNetwork(grid_level=0), "grid_level must"),
        (lambda: PSGNConfig(scheme="deterministic", latent=4), "latent acts only with scheme min_of_n or vae"),
        (lambda: PSGNConfig(scheme="vae", candidates=4), "candidates acts only with scheme min_of_n"),
        (lambda: PSGNConfig(scheme="vae", relaxation=0.1), "relaxation acts only with scheme min_of_n"),
        (lambda: PSGNConfig(kl_weight=0.1), "kl_weight acts only with scheme vae"),
        (lambda: PSGNConfig(relaxation=1.0), r"relaxation must lie in \[0, 1\), got 1.0"),
        (lambda: PSGNConfig(scheme="vae", kl_weight=-1.0), "kl_weight must be 0 or more"),
        (lambda: PSGNConfig(latent=0), "latent must be at least 1"),
        (lambda: PSGNConfig(lr=0.0), "lr must be positive"),
        (lambda: PSGNConfig(batch=0), "batch must be at least 1"),
        (lambda: PSGNConfig(loss="earth_mover", target_points=100), "as many as the network gives, 512, got 100"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_reading_the_settings_does_not_import_torch():
    code = "import sys, diffshape.models.psgn.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

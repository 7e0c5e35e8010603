import pytest
import torch

from diffshape.fields import (
    MLP,
    FeatureGrid,
    FeatureGridConfig,
    HashGrid,
    HashGridConfig,
    LatentMLP,
    LatentMLPConfig,
    MLPConfig,
    Siren,
    SirenConfig,
    build_field,
)

RANDOM = [
    MLPConfig(hidden_layers=2, width=16, skip=()),
    HashGridConfig(levels=3, finest=16, log2_entries=8),
    LatentMLPConfig(hidden_layers=2, width=16, latent=4, skip=()),
    SirenConfig(width=16),
]
CONFIGS = [*RANDOM, FeatureGridConfig(levels=2, base=4, finest=8)]


def same_weights(one, other):
    return all(torch.equal(one.state_dict()[name], weight) for name, weight in other.state_dict().items())


@pytest.mark.parametrize(
    ("config", "kind"), list(zip(CONFIGS, (MLP, HashGrid, LatentMLP, Siren, FeatureGrid), strict=True))
)
def test_the_config_chooses_the_field(config, kind):
    field = build_field(config)
    assert type(field) is kind
    assert field.config == config


@pytest.mark.parametrize("config", RANDOM)
def test_the_seed_decides_the_weights(config):
    seeded = [build_field(config, seed=seed) for seed in (0, 0, 1)]
    assert same_weights(seeded[0], seeded[1])
    assert not same_weights(seeded[0], seeded[2])
    assert same_weights(seeded[0], build_field(config))


@pytest.mark.parametrize("config", CONFIGS)
def test_building_leaves_the_global_random_numbers_alone(config):
    before = torch.get_rng_state()
    build_field(config)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("config", [None, "mlp", {"width": 16}])
def test_something_else_is_refused(config):
    with pytest.raises(TypeError, match=r"^build_field: config must be a MLPConfig, .* or a LatentMLPConfig, got"):
        build_field(config)

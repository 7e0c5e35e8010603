"""What all generators of codes have in common, each trained for some steps."""

import copy

import pytest
import torch

from diffshape.models import (
    FlowConfig,
    LatentGANConfig,
    MixtureConfig,
    load,
    train_flow,
    train_latent_gan,
    train_mixture,
)

TRAINED = {
    "flow": lambda *given: train_flow(*given, FlowConfig(hidden=(8,)), steps=3, device="cpu"),
    "gan": lambda *given: train_latent_gan(*given, LatentGANConfig(generator=(8,)), steps=7, device="cpu"),
    "mixture": lambda *given: train_mixture(*given, MixtureConfig(components=2), device="cpu"),
}


@pytest.fixture(params=TRAINED, scope="module")
def model(request, autoencoder, shapes):
    if request.param == "mixture":
        pytest.importorskip("sklearn")
    return TRAINED[request.param](autoencoder, shapes).model


def test_samples_are_decoded_codes(model, autoencoder):
    codes = model.draw_codes(7, seed=3)
    assert codes.shape == (7, 5)
    assert torch.equal(model.sample(7, seed=3), autoencoder.decode_codes(codes))
    assert torch.equal(model.decode_codes(codes), autoencoder.decode_codes(codes))


def test_a_seed_gives_the_same_samples_and_another_seed_others(model):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one = model.sample(5, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, model.sample(5, seed=1))
    assert not torch.equal(one, model.sample(5, seed=2))
    assert len(one.unique(dim=0)) == 5


def test_a_generator_keeps_a_frozen_copy_of_its_autoencoder(model, autoencoder):
    assert model.autoencoder is not autoencoder
    assert not any(parameter.requires_grad for parameter in model.autoencoder.parameters())
    assert all(parameter.requires_grad for parameter in autoencoder.parameters())


def test_in_training_mode_it_samples_the_same(model):
    """The batch norm of the autoencoder must not learn from what is generated."""
    usual = model.sample(5)
    before = copy.deepcopy(model.state_dict())
    model.train()
    assert torch.equal(model.sample(5), usual)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model.eval()


def test_saved_and_loaded_it_gives_the_same_bits(model, tmp_path, shapes):
    model.save(tmp_path)
    other = load(tmp_path)
    assert type(other) is type(model)
    assert other.config == model.config
    assert torch.equal(other.sample(6, seed=4), model.sample(6, seed=4))
    assert torch.equal(other.codes_of(shapes), model.codes_of(shapes))
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    own = {"config.yaml", "model.safetensors"}
    assert files == own | {f"autoencoder/{name}" for name in own}
    assert "autoencoder" not in "".join((tmp_path / "model.safetensors").read_bytes().decode("latin1")[:4000])


def test_without_its_autoencoder_it_says_so(model, tmp_path):
    model.save(tmp_path)
    (tmp_path / "autoencoder" / "config.yaml").unlink()
    with pytest.raises(ValueError, match=f"no model can be read from {tmp_path / 'autoencoder'}: it has no config"):
        load(tmp_path)


def test_between_two_codes_are_codes(model):
    first, last = model.draw_codes(2)
    codes = model.interpolate(first, last, 5)
    assert torch.equal(codes[0], first)
    assert torch.allclose(codes[2], (first + last) / 2, atol=1e-6)
    with pytest.raises(ValueError, match=f"{type(model).__name__}.interpolate: first and last must have shape"):
        model.interpolate(first[:2], last[:2], 5)


def test_counts_and_seeds_are_checked(model):
    with pytest.raises(ValueError, match="draw_codes: count must be at least 1, got 0"):
        model.sample(0)
    with pytest.raises(ValueError, match="draw_codes: seed must be at least 0"):
        model.sample(1, seed=-1)

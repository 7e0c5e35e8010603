import sys
from dataclasses import replace

import pytest
import torch

from box_clouds import box_clouds
from diffshape.models import MixtureConfig, PointNetConfig, PointNetNetwork, build_model, load, resume_training
from diffshape.models import train_mixture as train

SHAPES = box_clouds(40, 30)
TWO = MixtureConfig(components=2)


def covariance(codes):
    return torch.cov(codes.T, correction=0)


@pytest.fixture(scope="module", autouse=True)
def _sklearn():
    pytest.importorskip("sklearn")


@pytest.mark.parametrize("components", [1, 3])
def test_a_mixture_has_the_mean_and_the_covariance_of_the_codes(components, autoencoder):
    """Expectation-maximisation keeps both, but for the ridge on the standardised codes."""
    config = MixtureConfig(components=components, ridge=1e-4)
    model = train(autoencoder, SHAPES, config, device="cpu").model
    codes = model.scale.standardized(autoencoder.codes_of(SHAPES)).double()
    weights, means, factors = model.weights.double(), model.means.double(), model.factors.double()
    mean = weights @ means
    seconds = factors @ factors.mT + means[:, :, None] * means[:, None]
    whole = (weights[:, None, None] * seconds).sum(0) - torch.outer(mean, mean)
    assert torch.allclose(mean, codes.mean(0), atol=1e-4)
    assert torch.allclose(whole, covariance(codes) + 1e-4 * torch.eye(5), atol=1e-4)


@pytest.mark.parametrize("components", [1, 3])
def test_samples_have_the_mean_and_the_covariance_of_the_codes(components, autoencoder):
    model = train(autoencoder, SHAPES, MixtureConfig(components=components, ridge=1e-4), device="cpu").model
    codes = model.scale.standardized(autoencoder.codes_of(SHAPES))
    drawn = model.scale.standardized(model.draw_codes(20_000))
    assert torch.allclose(drawn.mean(0), codes.mean(0), atol=0.04)
    assert torch.allclose(covariance(drawn), covariance(codes), atol=0.08)


def test_every_field_acts(autoencoder):
    usual, *others = (
        train(autoencoder, SHAPES, config, device="cpu").model.draw_codes(9)
        for config in (TWO, replace(TWO, components=3), replace(TWO, ridge=0.1))
    )
    assert not any(torch.equal(usual, other) for other in others)


def test_rounds_and_seed_act(autoencoder):
    usual, fewer, other = (
        train(autoencoder, SHAPES, MixtureConfig(components=6), device="cpu", **options).model.means
        for options in ({}, {"steps": 1}, {"seed": 7})
    )
    assert not torch.equal(usual, fewer)
    assert not torch.equal(usual, other)


def test_gaussians_leak_below_codes_that_end_in_a_relu_and_shapes_do_not():
    network = PointNetNetwork(points=8, encoder=(8,), latent=4, final_relu=True)
    autoencoder = build_model(PointNetConfig(network=network)).eval()
    few = replace(SHAPES, points=SHAPES.points[:, :1])  # many maxima over one point are 0
    model = train(autoencoder, few, TWO, device="cpu").model
    assert autoencoder.codes_of(few).min() == 0
    codes = model.draw_codes(50)
    assert codes.min() < 0
    assert torch.equal(model.sample(50), autoencoder.decode(codes.clamp(min=0)))


def test_a_folder_keeps_it_and_a_resumed_one_is_the_same(autoencoder, tmp_path):
    result = train(autoencoder, SHAPES, TWO, device="cpu", folder=tmp_path)
    again = resume_training(tmp_path, (autoencoder, SHAPES), device="cpu")
    assert (result.step, again.step) == (0, 0)
    for model in (load(tmp_path), again.model):
        assert torch.equal(model.draw_codes(5), result.model.draw_codes(5))


def test_more_gaussians_than_shapes_are_refused(autoencoder):
    with pytest.raises(ValueError, match="components must be at most the number of shapes, 3, got 8"):
        train(autoencoder, SHAPES[:3])


def test_without_scikit_learn_one_sentence_says_so(autoencoder, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    with pytest.raises(ImportError, match=r"^train_mixture: mixtures are found by scikit-learn; pip install scikit-le"):
        train(autoencoder, SHAPES, TWO)

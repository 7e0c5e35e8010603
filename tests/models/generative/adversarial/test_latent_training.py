from dataclasses import replace

import pytest
import torch

from diffshape.models import LatentGANConfig, PointNetNetwork, build_model, train_latent_gan

TINY = LatentGANConfig(generator=(32,), critic=(64,), noise=8, lr=2e-3, batch=12)


def with_relu(autoencoder):
    """The autoencoder with a final ReLU and random weights."""
    network = replace(autoencoder.config.network, final_relu=True)
    assert isinstance(network, PointNetNetwork)
    return build_model(replace(autoencoder.config, network=network)).eval()


@pytest.mark.parametrize("objective", ["gan", "wgan-gp"])
def test_codes_become_like_those_learnt_from(objective, autoencoder, shapes):
    config = replace(TINY, objective=objective)
    truth = autoencoder.codes_of(shapes)
    model = train_latent_gan(autoencoder, shapes, config, steps=600, device="cpu").model
    codes = model.draw_codes(200)
    spread = truth.std(0).mean()
    assert (codes.mean(0) - truth.mean(0)).abs().mean() < 0.5 * spread
    assert 0.4 * spread < codes.std(0).mean() < 2 * spread


def test_a_linear_output_makes_standardised_codes_the_others_codes_as_they_are(autoencoder, shapes):
    model = train_latent_gan(autoencoder, shapes, TINY, steps=1, device="cpu").model
    assert torch.allclose(model.scale.mean, autoencoder.codes_of(shapes).mean(0), atol=1e-6)
    rectified = with_relu(autoencoder)
    model = train_latent_gan(rectified, shapes, replace(TINY, output="relu"), steps=1, device="cpu").model
    assert (model.scale.mean == 0).all()
    assert (model.scale.deviation == 1).all()
    assert model.draw_codes(50).min() == 0


def test_codes_out_of_the_range_of_the_output_are_refused(autoencoder, shapes):
    few = shapes[:4]
    low = replace(few, points=few.points[:, :1])  # the maximum over one point may be negative
    with pytest.raises(ValueError, match=r'config: output "relu" makes codes from 0 to inf, .* reach from -'):
        train_latent_gan(autoencoder, low, replace(TINY, output="relu"), steps=1)
    large = replace(shapes, points=20 * shapes.points)
    with pytest.raises(ValueError, match=r'config: output "sigmoid" makes codes from 0 to 1, '):
        train_latent_gan(autoencoder, large, replace(TINY, output="sigmoid"), steps=1)

from dataclasses import replace

import pytest
import torch

from box_clouds import box_clouds
from diffshape.models import (
    PUBLISHED_LATENT_GAN,
    PUBLISHED_RAW_GAN,
    LatentGANConfig,
    RawGANConfig,
    train_latent_gan,
    train_raw_gan,
)
from diffshape.models.generative.adversarial.networks import CloudCritic, cloud_generator, code_critic, code_generator

RAW = RawGANConfig(points=8, generator=(8,), point_features=(8,), critic=(8,), noise=3, batch=4, critic_steps=1)
LATENT = LatentGANConfig(generator=(8,), critic=(8,), noise=3, batch=4, critic_steps=1)


def same(one, other):
    return len(one) == len(other) and all(map(torch.equal, one, other))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", 9),
        ("generator", (9,)),
        ("point_features", (9,)),
        ("standardized", False),
        ("critic", (9,)),
        ("objective", "gan"),
        ("penalty", 3.0),
        ("critic_steps", 2),
        ("noise", 4),
        ("noise_spread", 0.5),
        ("lr", 2e-3),
        ("batch", 3),
    ],
)
def test_every_field_of_a_raw_gan_acts(field, value):
    clouds = box_clouds(6, 12)
    one, other = (
        list(train_raw_gan(clouds, config, steps=6, device="cpu").model.parameters())
        for config in (RAW, replace(RAW, **{field: value}))
    )
    assert not same(one, other)


@pytest.mark.parametrize(
    ("field", "value"),
    [("generator", (9,)), ("critic", (9,)), ("objective", "gan"), ("penalty", 3.0), ("lr", 1e-3), ("batch", 3)],
)
def test_every_field_of_a_latent_gan_acts(field, value, autoencoder, shapes):
    one, other = (
        list(train_latent_gan(autoencoder, shapes, config, steps=6, device="cpu").model.generator.parameters())
        for config in (LATENT, replace(LATENT, **{field: value}))
    )
    assert not same(one, other)


def test_turns_of_the_critic_are_one_for_gan_and_five_for_wasserstein():
    assert RawGANConfig(objective="gan").critic_turns == 1
    assert RawGANConfig(critic_steps=None).critic_turns == LatentGANConfig().critic_turns == 5
    assert RawGANConfig().critic_turns == 1
    assert RawGANConfig(critic_steps=3).critic_turns == 3


def test_the_published_networks_have_their_published_sizes():
    sizes = [
        [parameter.shape[0] for parameter in network.parameters() if parameter.ndim == 2]
        for network in (
            cloud_generator(PUBLISHED_RAW_GAN),
            CloudCritic(PUBLISHED_RAW_GAN),
            code_generator(PUBLISHED_LATENT_GAN, 128),
            code_critic(PUBLISHED_LATENT_GAN, 128),
        )
    ]
    assert sizes == [[64, 128, 512, 1024, 6144], [64, 128, 256, 256, 512, 128, 64, 1], [128, 128], [256, 512, 1]]
    for config in (PUBLISHED_RAW_GAN, PUBLISHED_LATENT_GAN):
        assert (config.noise, config.noise_spread, config.lr, config.batch) == (128, 0.2, 1e-4, 50)
        wasserstein = replace(config, objective="wgan-gp")
        assert (config.critic_turns, wasserstein.critic_turns) == (1, 5)
    assert PUBLISHED_LATENT_GAN.output == "relu"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RawGANConfig(objective="lsgan"), "objective must be one of gan, wgan-gp"),
        (lambda: RawGANConfig(objective="gan", penalty=10.0), "RawGANConfig: penalty acts only with objective wgan-gp"),
        (lambda: LatentGANConfig(penalty=-1.0), "LatentGANConfig: penalty must be 0 or more"),
        (lambda: LatentGANConfig(noise=0), "noise must be at least 1"),
        (lambda: LatentGANConfig(critic_steps=0), "critic_steps must be at least 1"),
        (lambda: LatentGANConfig(noise_spread=0.0), "noise_spread must be positive"),
        (lambda: LatentGANConfig(lr=-1.0), "lr must be positive"),
        (lambda: LatentGANConfig(output="tanh"), "output must be one of linear, relu, sigmoid"),
        (lambda: LatentGANConfig(critic=(0,)), "critic must hold sizes of 1 or more"),
        (lambda: RawGANConfig(points=0), "points must be at least 1"),
        (lambda: RawGANConfig(point_features=()), "point_features must hold one size or more, got none"),
        (lambda: RawGANConfig(generator=(8, 0)), "generator must hold sizes of 1 or more"),
    ],
)
def test_a_bad_value_raises_one_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()

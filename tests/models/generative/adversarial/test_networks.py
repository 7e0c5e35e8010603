import torch

from box_clouds import box_clouds
from diffshape.models import LatentGANConfig, RawGANConfig
from diffshape.models.generative.adversarial.networks import CloudCritic, cloud_generator, code_critic, code_generator


def test_shapes():
    raw, latent = RawGANConfig(points=10, noise=4), LatentGANConfig(noise=4)
    clouds = cloud_generator(raw)(torch.rand(2, 4))
    assert clouds.shape == (2, 10, 3)
    assert CloudCritic(raw)(clouds).shape == (2,)
    codes = code_generator(latent, 6)(torch.rand(2, 4))
    assert codes.shape == (2, 6)
    assert code_critic(latent, 6)(codes).shape == (2,)
    assert code_critic(latent, 6)(codes[:1]).shape == (1,)


def test_a_critic_of_clouds_does_not_know_the_order_of_points():
    clouds = box_clouds(3).points
    critic = CloudCritic(RawGANConfig())
    assert torch.allclose(critic(clouds), critic(clouds.flip(1)), atol=1e-6)


def test_what_ends_in_a_relu_or_a_sigmoid_stays_in_its_range():
    noise = 10 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    ranges = {}
    for output in ("linear", "relu", "sigmoid"):
        codes = code_generator(LatentGANConfig(noise=4, output=output), 6)(noise)
        ranges[output] = codes.min() >= 0, codes.max() <= 1
    assert ranges == {"linear": (False, False), "relu": (True, False), "sigmoid": (True, True)}


def test_a_critic_of_the_first_objective_leaks():
    kinds = {each: CloudCritic(RawGANConfig(objective=each)).features for each in ("gan", "wgan-gp")}
    assert [type(kinds[each][-1]) for each in kinds] == [torch.nn.LeakyReLU, torch.nn.ReLU]
    assert kinds["gan"][-1](torch.tensor(-1.0)) == torch.tensor(-0.2)

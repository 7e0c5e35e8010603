"""Networks of the adversarial generators: perceptrons, and a critic of clouds that reads points in any order."""

from jaxtyping import Float
from torch import Tensor, nn

from diffshape.models.autoencoders.layers import activation, cloud_perceptron, perceptron
from diffshape.models.generative.adversarial.config import LatentGANConfig, RawGANConfig


def cloud_generator(config: RawGANConfig) -> nn.Sequential:
    """From noise (B, noise) to clouds (B, points, 3)."""
    return cloud_perceptron([config.noise, *config.generator], config.points)


class CloudCritic(nn.Module):
    """From clouds (B, N, 3) to answers (B,): a network on each point, the maximum over the points, a perceptron.

    Leaky ReLU for the objective "gan", ReLU for "wgan-gp", as published.
    """

    def __init__(self, config: RawGANConfig) -> None:
        super().__init__()
        nonlinearity = "leaky_relu" if config.objective == "gan" else "relu"
        features = perceptron([3, *config.point_features], nonlinearity, 0.0)
        self.features = nn.Sequential(*features, activation(nonlinearity))
        self.answer = perceptron([config.point_features[-1], *config.critic, 1], "relu", 0.0)

    def forward(self, clouds: Float[Tensor, "b n 3"]) -> Float[Tensor, "b"]:
        """Answers, the same for any order of the points."""
        return self.answer(self.features(clouds).amax(1))[:, 0]


def code_generator(config: LatentGANConfig, latent: int) -> nn.Sequential:
    """From noise (B, noise) to codes (B, latent), those of the config's output."""
    ends: dict[str, list[nn.Module]] = {"linear": [], "relu": [nn.ReLU()], "sigmoid": [nn.Sigmoid()]}
    return nn.Sequential(*perceptron([config.noise, *config.generator, latent], "relu", 0.0), *ends[config.output])


def code_critic(config: LatentGANConfig, latent: int) -> nn.Sequential:
    """From codes (B, latent) to answers (B,)."""
    return nn.Sequential(*perceptron([latent, *config.critic, 1], "relu", 0.0), nn.Flatten(0))

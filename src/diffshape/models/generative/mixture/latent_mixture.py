"""A Gaussian mixture of the codes of an autoencoder."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._config import from_plain
from diffshape.models.generative.latent_generator import LatentGenerator, load_weights
from diffshape.models.generative.mixture.config import MixtureConfig


class LatentMixture(LatentGenerator):
    """A distribution of shapes: Gaussians of codes, and the autoencoder that decodes them. ``train_mixture`` makes it.

    Attributes:
        weights: Share of each Gaussian, shape (K,).
        means: Their means, shape (K, L), of codes brought to mean 0 and standard deviation 1 by ``scale``.
        factors: Lower triangular Cholesky factors of their covariances, shape (K, L, L).
    """

    KIND = "latent-mixture"

    config: MixtureConfig
    weights: Float[Tensor, "k"]
    means: Float[Tensor, "k c"]
    factors: Float[Tensor, "k c c"]

    def __init__(self, autoencoder: Any, config: MixtureConfig, latent: int) -> None:
        super().__init__(autoencoder, config, latent)
        self.register_buffer("weights", torch.full((config.components,), 1 / config.components))
        self.register_buffer("means", torch.zeros(config.components, latent))
        self.register_buffer("factors", torch.eye(latent).repeat(config.components, 1, 1))

    def _drawn(self, count: int, generator: torch.Generator) -> Float[Tensor, "n c"]:
        chosen = torch.multinomial(self.weights.cpu(), count, replacement=True, generator=generator)
        chosen = chosen.to(self.means.device)
        noise = torch.randn(count, self.means.shape[1], generator=generator).to(self.means)
        codes = torch.empty_like(noise)
        for number, (mean, factor) in enumerate(zip(self.means, self.factors)):
            own = chosen == number
            codes[own] = mean + noise[own] @ factor.T
        return self.scale.restored(codes)


def saved_latent_mixture(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], autoencoder: Any) -> LatentMixture:
    """The model of the settings and weights that ``save`` wrote, and of its autoencoder."""
    model = LatentMixture(autoencoder, from_plain(MixtureConfig, settings), len(tensors["scale.mean"]))
    load_weights(model, tensors)
    return model.eval()

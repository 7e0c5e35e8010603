"""A trained GAN of the codes of an autoencoder: noise to codes to shapes."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._config import from_plain
from diffshape.models.generative.adversarial.config import LatentGANConfig
from diffshape.models.generative.adversarial.networks import code_generator
from diffshape.models.generative.latent_generator import LatentGenerator, load_weights


class LatentGAN(LatentGenerator):
    """A distribution of shapes: a network from noise to codes, and the autoencoder that decodes them.

    ``train_latent_gan`` makes it. Source: Achlioptas, Diamanti, Mitliagkas, Guibas, ICML 2018 (l-GAN, l-WGAN).
    """

    KIND = "latent-gan"

    config: LatentGANConfig

    def __init__(self, autoencoder: Any, config: LatentGANConfig, latent: int) -> None:
        super().__init__(autoencoder, config, latent)
        self.generator = code_generator(config, latent)

    def _drawn(self, count: int, generator: torch.Generator) -> Float[Tensor, "n c"]:
        noise = torch.randn(count, self.config.noise, generator=generator).to(self.scale.mean)
        return self.scale.restored(self.generator(self.config.noise_spread * noise))


def saved_latent_gan(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], autoencoder: Any) -> LatentGAN:
    """The model of the settings and weights that ``save`` wrote, and of its autoencoder."""
    model = LatentGAN(autoencoder, from_plain(LatentGANConfig, settings), len(tensors["scale.mean"]))
    load_weights(model, tensors)
    return model.eval()

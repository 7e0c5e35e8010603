"""A trained GAN of point clouds: noise to clouds."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape._config import from_plain, to_plain
from diffshape.models.codes import interpolated_codes
from diffshape.models.files import write_model
from diffshape.models.generative.adversarial.config import RawGANConfig
from diffshape.models.generative.adversarial.networks import cloud_generator
from diffshape.models.generative.code_scale import CodeScale

_CHUNK = 64


class RawGAN(nn.Module):
    """A distribution of clouds (points, 3): a network of noise, whose codes are that noise. ``train_raw_gan`` makes it.

    The network draws coordinates of mean 0 and standard deviation 1, which are brought back to those that were learnt,
    unless ``config.standardized`` is off.

    Source: Achlioptas, Diamanti, Mitliagkas, Guibas, ICML 2018 (r-GAN).
    """

    KIND = "raw-gan"

    @checked
    def __init__(self, config: RawGANConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = cloud_generator(config)
        self.scale = CodeScale(3)

    @checked
    def draw_codes(self, count: int, *, seed: int = 0) -> Float[Tensor, "n z"]:
        """Noise of ``count`` new clouds, shape (count, config.noise).

        Raises:
            ValueError: ``count`` is below 1 or more than the memory holds, or ``seed`` is out of range.
        """
        check_fits("RawGAN.draw_codes: count", count, 8 * self.config.noise + 24 * self.config.points)
        check_seed("RawGAN.draw_codes: seed", seed)
        noise = torch.randn(count, self.config.noise, generator=torch.Generator().manual_seed(seed))
        return self.config.noise_spread * noise.to(next(self.parameters()))

    @torch.no_grad()
    @checked
    def decode_codes(self, codes: Float[Tensor, "b z"]) -> Float[Tensor, "b points 3"]:
        """Clouds of noise (B, config.noise)."""
        if codes.ndim != 2 or codes.shape[1] != self.config.noise:
            raise ValueError(f"RawGAN: codes must have shape (B, {self.config.noise}), got {tuple(codes.shape)}")
        weight = next(self.parameters())
        return self.scale.restored(torch.cat([self.generator(part.to(weight)) for part in codes.split(_CHUNK)]))

    @checked
    def sample(self, count: int, *, seed: int = 0) -> Float[Tensor, "n points 3"]:
        """``count`` new clouds, shape (count, config.points, 3).

        Raises:
            ValueError: As ``draw_codes``.
        """
        return self.decode_codes(self.draw_codes(count, seed=seed))

    @checked
    def interpolate(self, first: Float[Tensor, "z"], last: Float[Tensor, "z"], count: int) -> Float[Tensor, "n z"]:
        """``count`` noises at equal steps on the line from one (config.noise,) to another, both ends included.

        Raises:
            ValueError: They are not of shape (config.noise,), or ``count`` is below 2.
        """
        return interpolated_codes("RawGAN.interpolate", first, last, count, self.config.noise)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        write_model(folder, self.KIND, to_plain(self.config), self.state_dict())


def saved_raw_gan(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> RawGAN:
    """The model of the settings and weights that ``save`` wrote."""
    model = RawGAN(from_plain(RawGANConfig, settings))
    model.load_state_dict(tensors)
    return model.eval()

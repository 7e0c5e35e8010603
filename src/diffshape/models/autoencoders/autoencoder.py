"""Base of the autoencoders: samples to codes and back, with the loss that the config names."""

from abc import ABC, abstractmethod
from os import PathLike
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._config import to_plain
from diffshape.data import ShapeSet
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.config import ModelConfig
from diffshape.models.codes import interpolated_codes
from diffshape.models.files import write_model
from diffshape.ops.eval_mode import eval_mode

_CHUNK = 64


class Autoencoder(nn.Module, ABC):
    """Samples (B, ...) to codes (B, latent) to reconstructions; a wrong shape raises a ValueError."""

    KIND: ClassVar[str]
    """Name of such a model in its config.yaml."""
    CONFIG: ClassVar[type]
    """Class of its config."""
    FORM: ClassVar[str] = "points"
    """Name of the form of a ``ShapeSet`` that it reads."""

    config: ModelConfig

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def encode(self, samples: Tensor) -> Tensor:
        """Codes (B, latent) of samples."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Reconstructions of codes (B, latent): any code, also one between two others."""

    @abstractmethod
    def loss(self, pred: Tensor, target: Tensor) -> LossTerms:
        """The loss that ``config`` names, nothing added."""

    def forward(self, samples: Tensor) -> Tensor:
        """Reconstructions of samples."""
        return self.decode(self.encode(samples))

    @torch.no_grad()
    @checked
    def codes_of(self, shapes: ShapeSet) -> Tensor:
        """Codes (S, latent) of shapes, without gradients, in evaluation mode.

        Raises:
            ValueError: The shapes are not known in the form that the model reads: points, or voxels of its resolution.
        """
        (samples,) = shapes.require(self.FORM, by=f"{type(self).__name__}.codes_of")
        device = next(self.parameters()).device
        with eval_mode(self):
            return torch.cat([self.encode(part.to(device)) for part in samples.split(_CHUNK)])

    @torch.no_grad()
    @checked
    def decode_codes(self, codes: Tensor) -> Tensor:
        """Reconstructions of codes (B, latent), without gradients, in evaluation mode."""
        self.check_codes(codes)
        weight = next(self.parameters())
        with eval_mode(self):
            return torch.cat([self.decode(part.to(weight)) for part in codes.split(_CHUNK)])

    @checked
    def interpolate(self, first: Tensor, last: Tensor, count: int) -> Tensor:
        """``count`` codes at equal steps on the line from one code (latent,) to another, both ends included.

        Raises:
            ValueError: The codes are not of shape (latent,), or ``count`` is below 2.
        """
        return interpolated_codes(f"{type(self).__name__}.interpolate", first, last, count, self.config.network.latent)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        write_model(folder, self.KIND, to_plain(self.config), self.state_dict())

    @checked
    def check_codes(self, codes: Tensor) -> None:
        """Raise a ValueError unless ``codes`` are (B, latent)."""
        latent = self.config.network.latent
        if codes.ndim != 2 or codes.shape[1] != latent:
            raise ValueError(f"{type(self).__name__}: codes must have shape (B, {latent}), got {tuple(codes.shape)}")

"""What every model of this package is: samples to codes and back, and the loss its settings name."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.config import ModelConfig


class Autoencoder(nn.Module, ABC):
    """Samples (B, ...) to codes (B, latent) to reconstructions; a wrong shape raises a ValueError."""

    config: ModelConfig

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

    @checked
    def check_codes(self, codes: Tensor) -> None:
        """Raise a ValueError unless ``codes`` are (B, latent)."""
        latent = self.config.network.latent
        if codes.ndim != 2 or codes.shape[1] != latent:
            raise ValueError(f"{type(self).__name__}: codes must have shape (B, {latent}), got {tuple(codes.shape)}")

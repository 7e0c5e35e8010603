"""Base of the autoencoders: samples to codes and back, with the loss that the config names."""

from abc import ABC, abstractmethod
from os import PathLike
from typing import Any, ClassVar

from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._config import to_plain
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.config import ModelConfig
from diffshape.models.files import write_model


class Autoencoder(nn.Module, ABC):
    """Samples (B, ...) to codes (B, latent) to reconstructions; a wrong shape raises a ValueError."""

    KIND: ClassVar[str]
    """Name of such a model in its config.yaml."""
    CONFIG: ClassVar[type]
    """Class of its config."""

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

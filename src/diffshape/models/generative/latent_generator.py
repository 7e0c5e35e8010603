"""Base of the generators of codes: what they draw, an autoencoder decodes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape._config import to_plain
from diffshape.data import ShapeSet
from diffshape.models.codes import interpolated_codes
from diffshape.models.files import write_model
from diffshape.models.generative.code_scale import CodeScale

AUTOENCODER = "autoencoder"
"""Folder of the autoencoder in that of a generator, and prefix of its weights."""


class LatentGenerator(nn.Module, ABC):
    """A distribution of codes, and a frozen copy of the autoencoder whose codes they are."""

    KIND: ClassVar[str]
    """Name of such a model in its config.yaml."""

    config: Any

    def __init__(self, autoencoder: nn.Module, config: Any, latent: int) -> None:
        super().__init__()
        self.autoencoder: Any = deepcopy(autoencoder).requires_grad_(False).eval()
        self.config = config
        self.scale = CodeScale(latent)

    @abstractmethod
    def _drawn(self, count: int, generator: torch.Generator) -> Float[Tensor, "n c"]:
        """Codes drawn with a generator on the CPU."""

    @torch.no_grad()
    @checked
    def draw_codes(self, count: int, *, seed: int = 0) -> Float[Tensor, "n c"]:
        """``count`` new codes, shape (count, latent).

        Raises:
            ValueError: ``count`` is below 1 or more than the memory holds, or ``seed`` is out of range.
        """
        title = f"{type(self).__name__}.draw_codes"
        check_fits(f"{title}: count", count, 16 * len(self.scale.mean))
        check_seed(f"{title}: seed", seed)
        return self._drawn(count, torch.Generator().manual_seed(seed))

    @checked
    def sample(self, count: int, *, seed: int = 0) -> Any:
        """``count`` new shapes, as the autoencoder decodes the codes of ``draw_codes``: clouds (count, N, 3) or meshes.

        Raises:
            ValueError: As ``draw_codes``.
        """
        return self.autoencoder.decode_codes(self.draw_codes(count, seed=seed))

    @checked
    def codes_of(self, shapes: ShapeSet) -> Float[Tensor, "s c"]:
        """Codes of shapes, as the autoencoder gives them."""
        return self.autoencoder.codes_of(shapes)

    @checked
    def decode_codes(self, codes: Float[Tensor, "b c"]) -> Any:
        """Shapes of codes, as the autoencoder gives them."""
        return self.autoencoder.decode_codes(codes)

    @checked
    def interpolate(self, first: Float[Tensor, "c"], last: Float[Tensor, "c"], count: int) -> Float[Tensor, "n c"]:
        """``count`` codes at equal steps on the line from one code (latent,) to another, both ends included.

        Raises:
            ValueError: The codes are not of shape (latent,), or ``count`` is below 2.
        """
        return interpolated_codes(f"{type(self).__name__}.interpolate", first, last, count, len(self.scale.mean))

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, and the autoencoder to a folder in it; ``models.load`` reads both.

        Raises:
            OSError: The folder cannot be written.
        """
        self.autoencoder.save(Path(folder) / AUTOENCODER)
        own = {name: weight for name, weight in self.state_dict().items() if not name.startswith(f"{AUTOENCODER}.")}
        write_model(folder, self.KIND, to_plain(self.config), own)


def load_weights(model: LatentGenerator, tensors: Mapping[str, Tensor]) -> None:
    """Give a generator the weights that ``save`` wrote beside those of its autoencoder."""
    kept = {f"{AUTOENCODER}.{name}": weight for name, weight in model.autoencoder.state_dict().items()}
    model.load_state_dict({**tensors, **kept})

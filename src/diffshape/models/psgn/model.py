"""A trained PSGN: from an image, and a random vector r, to the points of a shape, S = G(I, r)."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_seed
from diffshape._config import from_plain, to_plain
from diffshape.models.autoencoders.layers import linear
from diffshape.models.files import write_model
from diffshape.models.psgn.config import PSGNConfig
from diffshape.models.psgn.networks import FullyConnected, Hourglass, ImagePyramid, Posterior
from diffshape.ops.eval_mode import eval_mode
from diffshape.training.parallel import normal_like

_TOGETHER = 64
"""Images that are answered at once."""


class ImageFeatures(NamedTuple):
    """Everything that the answers to an image share."""

    code: Float[Tensor, "b c y x"]
    """Code of the image, before the random vector joins it."""
    maps: list[Tensor]
    """Maps of the image from the finest to the coarsest."""


class PSGN(nn.Module):
    """Images (B, 1, H, W) to clouds (B, M, 3): one answer for each random vector, or the only one.

    The random vector r has a linear map of its own to the size of the image's code, and joins it before the first
    rectifier of the decoder: every number of the code depends on both.
    Source: Fan, Su, Guibas, A Point Set Generation Network, CVPR 2017.

    Attributes:
        config: Config that it was made with.

    >>> model = PSGN(PSGNConfig())
    >>> model.predict(torch.zeros(2, 1, 64, 64), count=3).shape
    torch.Size([2, 3, 512, 3])
    """

    KIND: ClassVar[str] = "psgn"
    """Name of such a model in its config.yaml."""

    @checked
    def __init__(self, config: PSGNConfig) -> None:
        super().__init__()
        self.config = config
        network = config.network
        height, width = (side >> network.levels for side in network.size)
        code = network.widths[-1] * height * width
        self.encoder = ImagePyramid(network.widths)
        self.from_noise = linear(config.noise, code) if config.noise else None
        second = 0 if network.grid_level is None else network.widths[-2] * height * width
        self.branch = FullyConnected(code, network.hidden, network.points, second=second)
        self.hourglass = None if network.grid_level is None else Hourglass(network.widths, network.grid_level)
        self.posterior = Posterior(code, config.noise) if config.scheme == "vae" else None

    @checked
    def encode(self, images: Float[Tensor, "b 1 h w"]) -> ImageFeatures:
        """Code and maps of images, which all answers to them share.

        Raises:
            ValueError: The images are not (B, 1, H, W) of the network's size, or not finite.
        """
        self._check(images)
        return ImageFeatures(*self.encoder(images))

    @checked
    def decode(self, features: ImageFeatures, noise: Float[Tensor, "b z"]) -> Float[Tensor, "b m 3"]:
        """One answer to each image.

        Args:
            features: What ``encode`` gave for the images.
            noise: A random vector for each image, of ``config.noise`` numbers, which may be none.

        Raises:
            ValueError: ``noise`` has another shape.
        """
        code = features.code
        if noise.shape != (len(code), self.config.noise):
            wanted = (len(code), self.config.noise)
            raise ValueError(f"PSGN.decode: noise must have shape {wanted}, got {tuple(noise.shape)}")
        if self.from_noise is not None:
            code = code + self.from_noise(noise).reshape(code.shape)
        code = code.relu()
        if self.hourglass is None:
            return self.branch(code.flatten(1))
        points, second = self.hourglass(code, features.maps)
        return torch.cat([self.branch(code.flatten(1), second.flatten(1)), points], 1)

    def forward(self, images: Float[Tensor, "b 1 h w"], noise: Float[Tensor, "b z"]) -> Float[Tensor, "b m 3"]:
        """One answer to each image."""
        return self.decode(self.encode(images), noise)

    @checked
    @torch.no_grad()
    def predict(
        self, images: Float[Tensor, "b 1 h w"], *, count: int = 1, seed: int = 0
    ) -> Float[Tensor, "b count m 3"]:
        """Answers to images, each from a random vector of its own.

        Args:
            images: Shape (B, 1, H, W), of the size and kind that the model was trained on.
            count: Answers to each image; those of a model without random vectors are all the same.
            seed: Seed of the random vectors. A larger ``count`` adds answers to the same first ones.

        Returns:
            Clouds of M points, (B, count, M, 3), on the model's device, in the frame of the config: in that of the
            camera, ``points @ view`` turns them to the coordinates of the shapes.

        Raises:
            ValueError: The images have another shape, or ``count`` is below 1.
        """
        self._check(images)
        check_fits("PSGN.predict: count", count, 12 * self.config.network.count * max(len(images), 1))
        check_seed("PSGN.predict: seed", seed)
        generator = torch.Generator().manual_seed(seed)
        images = images.to(next(self.parameters()))
        noise = torch.stack([random_vectors(self.config, images, generator) for _ in range(count)], 1)
        with eval_mode(self):
            parts = zip(images.split(_TOGETHER), noise.split(_TOGETHER))
            return torch.cat([self._answers(*part) for part in parts])

    def _check(self, images: Tensor) -> None:
        height, width = self.config.network.size
        if images.ndim != 4 or images.shape[1:] != (1, height, width):
            raise ValueError(f"PSGN: images must have shape (B, 1, {height}, {width}), got {tuple(images.shape)}")
        if not bool(images.isfinite().all()):
            raise ValueError("PSGN: images must hold finite numbers, got others")

    def _answers(self, images: Tensor, noise: Float[Tensor, "b n z"]) -> Float[Tensor, "b n m 3"]:
        features = self.encode(images)
        return torch.stack([self.decode(features, each) for each in noise.unbind(1)], 1)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        write_model(folder, self.KIND, to_plain(self.config), self.state_dict())


def random_vectors(config: PSGNConfig, images: Tensor, generator: torch.Generator) -> Float[Tensor, "b z"]:
    """A vector r ~ N(0, I) of its own for each image; without numbers for a model that has none."""
    return normal_like(images.new_empty(len(images), config.noise), generator)


def saved_psgn(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PSGN:
    """The model of the settings and weights that ``save`` wrote."""
    model = PSGN(from_plain(PSGNConfig, settings))
    model.load_state_dict(tensors)
    return model.eval()

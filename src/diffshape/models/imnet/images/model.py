"""Images to shapes by the codes of a trained IM-NET."""

from collections.abc import Mapping
from copy import deepcopy
from os import PathLike
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._config import from_plain, to_plain
from diffshape.data import ShapeSet
from diffshape.models.files import write_model
from diffshape.models.imnet.config import ImNetConfig
from diffshape.models.imnet.images.config import ImNetImagesConfig
from diffshape.models.imnet.images.networks import ImageEncoder
from diffshape.models.imnet.model import ImNet
from diffshape.models.surface_model import SurfaceModel


class ImNetFromImages(SurfaceModel):
    """An encoder of images, and a frozen copy of the IM-NET whose codes it gives.

    >>> import torch
    >>> model = ImNetFromImages(ImNet(ImNetConfig()), ImNetImagesConfig()).eval()
    >>> model.encode(torch.zeros(2, 64, 64)).shape
    torch.Size([2, 64])
    """

    KIND: ClassVar[str] = "imnet-images"
    FORM: ClassVar[str] = "images"
    HALF_SIDE: ClassVar[float] = ImNet.HALF_SIDE

    config: ImNetImagesConfig

    @checked
    def __init__(self, autoencoder: ImNet, config: ImNetImagesConfig) -> None:
        super().__init__(config)
        self.autoencoder = deepcopy(autoencoder).requires_grad_(False).eval()
        self.encoder = ImageEncoder(config, autoencoder.latent)

    @property
    def latent(self) -> int:
        """Size of the codes."""
        return self.autoencoder.latent

    @checked
    def encode(self, inputs: Float[Tensor, "b h w"]) -> Float[Tensor, "b l"]:
        """Codes (B, latent), in (0, 1), of images (B, H, W), 0 beside the shape.

        Raises:
            ValueError: The images have another shape than H = W = ``config.size``.
        """
        size = self.config.size
        if inputs.ndim != 3 or inputs.shape[1:] != (size, size):
            raise ValueError(
                f"ImNetFromImages.encode: inputs must be images (B, {size}, {size}), got {tuple(inputs.shape)}"
            )
        return self.encoder(inputs.to(next(self.parameters())))

    @checked
    def codes_of(self, shapes: ShapeSet) -> Float[Tensor, "s l"]:
        """Codes (S, latent) of the shapes of a set from their first view, without gradients, in evaluation mode.

        Raises:
            ValueError: There is no shape, or the shapes have no images of the size that the model reads.
        """
        return self._encoded(shapes.require("images", by="ImNetFromImages.codes_of")[0][:, 0])

    @checked
    def values(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Values of the autoencoder, 1/2 - occupancy, at points (B, P, 3) of the shapes of codes (B, latent).

        Raises:
            ValueError: A shape is wrong.
        """
        return self.autoencoder.values(points, codes)

    @checked
    def save(self, folder: str | PathLike[str]) -> None:
        """Write settings and weights to ``folder``, which is made if it is missing; ``models.load`` reads them.

        Raises:
            OSError: The folder cannot be written.
        """
        settings = {"autoencoder": to_plain(self.autoencoder.config), "config": to_plain(self.config)}
        write_model(folder, self.KIND, settings, self.state_dict())


def saved_imnet_images(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ImNetFromImages:
    """The model of the settings and weights that ``save`` wrote."""
    autoencoder = ImNet(from_plain(ImNetConfig, settings["autoencoder"]))
    model = ImNetFromImages(autoencoder, from_plain(ImNetImagesConfig, settings["config"]))
    model.load_state_dict(dict(tensors))
    return model.eval()

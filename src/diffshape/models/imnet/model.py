"""A trained IM-NET: voxels to codes, and points with a code to their occupancy."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape._config import from_plain
from diffshape.models.imnet.cells import filled, filled_shares
from diffshape.models.imnet.config import ImNetConfig
from diffshape.models.imnet.networks import PointDecoder, VoxelEncoder
from diffshape.models.surface_model import SurfaceModel, check_points


class ImNet(SurfaceModel):
    """Encoder and decoder for a family of shapes; the surface is where the occupancy is 1/2.

    Codes are numbers in (0, 1): what generates codes should end in a sigmoid. Use the model in evaluation mode, as
    ``train_imnet`` and ``models.load`` give it.

    >>> import torch
    >>> model = ImNet(ImNetConfig()).eval()
    >>> codes = model.encode(torch.rand(2, 64, 64, 64) > 0.5)
    >>> codes.shape, model.occupancies(torch.zeros(2, 5, 3), codes).shape
    (torch.Size([2, 64]), torch.Size([2, 5]))
    """

    KIND: ClassVar[str] = "imnet"
    FORM: ClassVar[str] = "voxels"
    HALF_SIDE: ClassVar[float] = 0.5

    config: ImNetConfig

    @checked
    def __init__(self, config: ImNetConfig) -> None:
        super().__init__(config)
        self.encoder, self.decoder = VoxelEncoder(config.network), PointDecoder(config.network)

    @property
    def latent(self) -> int:
        """Size of the codes."""
        return self.config.network.latent

    @checked
    def encode(self, inputs: Shaped[Tensor, "b r r r"]) -> Float[Tensor, "b l"]:
        """Codes (B, latent), in (0, 1), of voxels (B, R, R, R), true where they are occupied.

        R is ``config.network.resolution`` or a multiple of it; of more voxels, the encoder reads what share of each
        coarser one is occupied. What they enclose is filled first if ``config.fill`` says so.

        Raises:
            ValueError: The voxels have another shape.
        """
        wanted, side = self.config.network.resolution, inputs.shape[-1] if inputs.ndim else 0
        if inputs.ndim != 4 or len(set(inputs.shape[1:])) != 1 or not side or side % wanted:
            raise ValueError(
                f"ImNet.encode: inputs must be voxels (B, R, R, R), R a multiple of {wanted}, got {tuple(inputs.shape)}"
            )
        voxels = filled(inputs) if self.config.fill else inputs
        return self.encoder(filled_shares(voxels, wanted).to(next(self.parameters())))

    @checked
    def occupancies(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Occupancies at points (B, P, 3) of the shapes of codes (B, latent): 0 outside, 1 inside, 1/2 at the surface.

        The improved network reaches a little beyond 0 and 1. Differentiable in both. Beyond the cube from -1/2 to 1/2,
        of which no cell was learnt, the occupancy is 0.

        Raises:
            ValueError: A shape is wrong.
        """
        codes = self._codes("occupancies", codes)
        check_points("ImNet.occupancies", points, codes)
        within = (points.abs() <= self.HALF_SIDE).all(-1)
        return torch.where(within, self.decoder(points, codes), 0.0)

    @checked
    def values(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """1/2 - occupancy at points (B, P, 3) of the shapes of codes (B, latent): negative inside.

        Raises:
            ValueError: A shape is wrong.
        """
        return 0.5 - self.occupancies(points, codes)


def saved_imnet(settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ImNet:
    """The model of the settings and weights that ``save`` wrote."""
    model = ImNet(from_plain(ImNetConfig, settings))
    model.load_state_dict(dict(tensors))
    return model.eval()

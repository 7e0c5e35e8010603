"""A convolutional autoencoder of occupancy grids of any resolution.

Each level halves a side R to ceil(R / 2) by a convolution of stride 2; on the way back the transposed one is given the
side that it came from, of the two that become ceil(R / 2), so odd and even resolutions come out as they went in.
"""

from itertools import pairwise

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from diffshape import losses
from diffshape._arguments import checked
from diffshape.losses import LossTerms
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.config import VoxelConfig, VoxelNetwork
from diffshape.models.autoencoders.layers import activation, run


class VoxelModel(Autoencoder):
    """Occupancy (B, R, R, R), boolean or 0 to 1, to logits (B, R, R, R).

    ``build_model`` makes one with weights from a seed.
    """

    KIND = "voxel"
    CONFIG = VoxelConfig
    FORM = "voxels"

    config: VoxelConfig

    @checked
    def __init__(self, config: VoxelConfig) -> None:
        super().__init__(config)
        network = config.network
        self.sides = [network.resolution]
        for _ in range(network.layers):
            self.sides.append((self.sides[-1] + 1) // 2)
        channels = [1, *(network.base_channels * 2**level for level in range(network.layers))]
        self.encoder = nn.ModuleList(
            _Level(nn.Conv3d(fine, coarse, 3, stride=2, padding=1), network) for fine, coarse in pairwise(channels)
        )
        self.inner = (channels[-1], *[self.sides[-1]] * 3)
        size = channels[-1] * self.sides[-1] ** 3
        self.to_code = nn.Linear(size, network.latent)
        self.from_code = nn.Sequential(nn.Linear(network.latent, size), activation(network.activation))
        self.decoder = nn.ModuleList(
            _Level(
                _doubling(channels[level + 1], max(channels[level], network.base_channels), self.sides[level]), network
            )
            for level in reversed(range(network.layers))
        )
        self.to_logits = nn.Conv3d(network.base_channels, 1, 1)

    @checked
    def encode(self, samples: Shaped[Tensor, "b r r r"]) -> Float[Tensor, "b latent"]:
        """Codes of grids."""
        side = self.sides[0]
        if samples.ndim != 4 or samples.shape[1:] != (side,) * 3:
            raise ValueError(
                f"VoxelModel: samples must have shape (B, {side}, {side}, {side}), got {tuple(samples.shape)}"
            )
        features = samples[:, None].to(self.to_code.weight.dtype)
        for level in self.encoder:
            features = run(level, features, again=self.config.network.checkpointing)
        return self.to_code(features.flatten(1))

    @checked
    def decode(self, codes: Float[Tensor, "b latent"]) -> Float[Tensor, "b r r r"]:
        """Logits of codes."""
        self.check_codes(codes)
        features = self.from_code(codes).unflatten(1, self.inner)
        for level in self.decoder:
            features = run(level, features, again=self.config.network.checkpointing)
        return self.to_logits(features)[:, 0]

    @checked
    def loss(self, pred: Float[Tensor, "b r r r"], target: Shaped[Tensor, "b r r r"]) -> LossTerms:
        """The voxel loss of ``diffshape.losses`` that the settings name, mean over the batch."""
        config = self.config
        if config.loss == "cross_entropy":
            weight = 1.0 if config.positive_weight is None else config.positive_weight
            value = losses.voxel_cross_entropy(pred, target, positive_weight=weight)
        elif config.loss == "focal":
            gamma = 2.0 if config.focal_gamma is None else config.focal_gamma
            value = losses.voxel_focal_loss(pred, target, gamma=gamma, alpha=config.focal_alpha)
        else:
            value = losses.voxel_dice_loss(pred, target)
        return LossTerms(value, {config.loss: value})


class _Level(nn.Sequential):
    """A convolution, its features brought to one scale, a nonlinearity, dropout of whole channels."""

    def __init__(self, convolution: nn.Module, network: VoxelNetwork) -> None:
        channels = int(convolution.out_channels)  # type: ignore[arg-type]
        super().__init__(
            convolution, nn.GroupNorm(1, channels), activation(network.activation), nn.Dropout3d(network.dropout)
        )


def _doubling(coarse: int, fine: int, side: int) -> nn.ConvTranspose3d:
    """ceil(side / 2) voxels an axis to ``side``."""
    return nn.ConvTranspose3d(coarse, fine, 3, stride=2, padding=1, output_padding=(side + 1) % 2)

"""Encoders of an Occupancy Network: one for each form in which a shape is given, all with codes (B, code).

Sources: Mescheder et al., Occupancy Networks, CVPR 2019, and its code, for points, voxels and occupancies. Images are
read by plain convolutions in place of its ResNet18 with weights of ImageNet: silhouettes are no photographs.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape.models.occupancy.config import OccupancyConfig
from diffshape.models.occupancy.decoder import ResidualBlock
from diffshape.models.waves import with_waves


class PointEncoder(nn.Module):
    """Clouds (B, N, 3) to codes: residual blocks on each point, each but the last joined with its maximum over all.

    The order of the points does not matter, nor their number beyond its effect on the maxima.
    """

    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        width, self.waves = config.encoder_width, config.waves
        self.first = nn.Linear(3 * (1 + 2 * config.waves), 2 * width)
        self.blocks = nn.ModuleList(ResidualBlock(2 * width, width) for _ in range(config.encoder_blocks))
        self.last = nn.Linear(width, config.code)

    def forward(self, clouds: Float[Tensor, "b n 3"]) -> Float[Tensor, "b c"]:
        """Codes of clouds."""
        x = self.blocks[0](self.first(with_waves(clouds, self.waves)))
        for block in list(self.blocks)[1:]:
            x = block(joined_with_maximum(x))
        return self.last(x.amax(1).relu())


class ConvolutionEncoder(nn.Module):
    """Voxels (B, R, R, R) or images (B, H, W) to codes: a convolution, then some that halve the side and double the
    channels, and a linear map of what is left, as maxima over two parts of each side.

    At 32^3 voxels with four halvings that is all of it, as published.
    """

    def __init__(self, config: OccupancyConfig, dimensions: int) -> None:
        super().__init__()
        convolution = nn.Conv3d if dimensions == 3 else nn.Conv2d
        pool = nn.AdaptiveMaxPool3d if dimensions == 3 else nn.AdaptiveMaxPool2d
        channels = [config.encoder_width * 2**level for level in range(config.encoder_blocks + 1)]
        layers: list[nn.Module] = [convolution(1, channels[0], 3, padding=1)]
        for few, many in pairwise(channels):
            layers += [nn.ReLU(), convolution(few, many, 3, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers, pool(2), nn.Flatten(), nn.ReLU())
        for layer in self.layers:
            if isinstance(layer, convolution):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.last = nn.Linear(channels[-1] * 2**dimensions, config.code)

    def forward(self, grids: Float[Tensor, "b *sides"]) -> Float[Tensor, "b c"]:
        """Codes of voxels or images."""
        return self.last(self.layers(grids[:, None]))


class OccupancyEncoder(nn.Module):
    """Points in space with their occupancy, (B, K, 4), to the mean and the logarithm of the deviation of a random code.

    A network on each point; two of its layers are joined with their maximum over all points.
    """

    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        width, self.waves = config.encoder_width, config.waves
        self.first = nn.Linear(3 * (1 + 2 * config.waves) + 1, width)
        self.layers = nn.ModuleList(nn.Linear(inputs, width) for inputs in (width, 2 * width, 2 * width))
        self.mean, self.log_deviation = nn.Linear(width, config.code), nn.Linear(width, config.code)

    def forward(self, known: Float[Tensor, "b k 4"]) -> tuple[Float[Tensor, "b c"], Float[Tensor, "b c"]]:
        """Mean and log-deviation of the codes."""
        points, occupied = known.split([3, 1], dim=-1)
        x = self.layers[0](self.first(torch.cat([with_waves(points, self.waves), occupied], dim=-1)).relu())
        for layer in list(self.layers)[1:]:
            x = layer(joined_with_maximum(x).relu())
        x = x.amax(1)
        return self.mean(x), self.log_deviation(x)


def joined_with_maximum(x: Float[Tensor, "b n w"]) -> Float[Tensor, "b n 2w"]:
    """Features of each point beside their maximum over all points."""
    return torch.cat([x, x.amax(1, keepdim=True).expand_as(x)], dim=-1)


def encoder_of(config: OccupancyConfig) -> nn.Module:
    """Encoder with fresh weights of the form that ``config.input`` names."""
    if config.input == "points":
        return PointEncoder(config)
    if config.input == "occupancies":
        return OccupancyEncoder(config)
    return ConvolutionEncoder(config, 3 if config.input == "voxels" else 2)


INPUT_SHAPES: dict[str, str] = {
    "points": "(B, N, 3)",
    "voxels": "(B, R, R, R)",
    "images": "(B, H, W)",
    "occupancies": "(B, K, 4)",
}
"""Shapes of what each encoder reads, for errors."""

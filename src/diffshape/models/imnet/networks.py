"""The networks of IM-NET: voxels to a code, and a code and a point to an occupancy.

Source: Chen, Zhang, CVPR 2019; "original" as in its first code, "improved" as in that of its successor.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, linear

from diffshape.models.imnet.config import ImNetNetwork, Version

SLOPE = 0.02
"""Slope of the leaky rectifiers below 0."""
_KEPT = 0.01
"""Slope of the clipped output outside 0 to 1."""
_WIDTHS: dict[Version, tuple[int, ...]] = {"improved": (8, 8, 8, 4, 2, 1), "original": (16, 8, 4, 2, 1)}
"""Features of the hidden layers of the decoder in units of the width."""
_READ_AGAIN: dict[Version, int] = {"improved": 1, "original": 5}
"""Number of layers, from the first one on, that read the point and the code."""
_SCALE: dict[Version, float] = {"improved": 1.0, "original": 2.0}
"""Factor from coordinates of the set to those that the decoder reads."""


class VoxelEncoder(nn.Sequential):
    """Voxels (B, R, R, R) to codes (B, latent) in (0, 1): 4^3 convolutions of stride 2 down to 4 voxels a side, a last
    one over all of them.

    The statistics of the original's batch normalisation follow each batch by a tenth. The published thousandth takes
    thousands of steps to know them.
    """

    def __init__(self, network: ImNetNetwork) -> None:
        halvings = network.resolution.bit_length() - 3
        channels = [1, *(network.encoder_width * 2**level for level in range(halvings))]
        improved = network.version == "improved"
        layers: list[nn.Module] = []
        for few, many in pairwise(channels):
            norm = nn.InstanceNorm3d(many) if improved else nn.BatchNorm3d(many)
            layers += [nn.Conv3d(few, many, 4, 2, 1, bias=not improved), norm, nn.LeakyReLU(SLOPE)]
        super().__init__(*layers, nn.Conv3d(channels[-1], network.latent, 4), nn.Flatten(), nn.Sigmoid())
        for layer in self:
            if isinstance(layer, nn.Conv3d):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, voxels: Float[Tensor, "b r r r"]) -> Float[Tensor, "b l"]:
        """Codes of voxels, 0 or 1."""
        return super().forward(voxels[:, None])


class PointDecoder(nn.Module):
    """Occupancies, about 0 to 1, of points (B, P, 3) of shapes with codes (B, latent)."""

    def __init__(self, network: ImNetNetwork) -> None:
        super().__init__()
        self.network = network
        outs = [network.width * times for times in _WIDTHS[network.version]] + [1]
        ins = [0, *outs[:-1]]
        self.weights = nn.ParameterList(
            _first_weights(n_in, n_out, network, place) for place, (n_in, n_out) in enumerate(zip(ins, outs))
        )
        self.offsets = nn.ParameterList(torch.zeros(n_out) for n_out in outs)

    def forward(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b l"]) -> Float[Tensor, "b p"]:
        """Occupancies; the code's part of a layer is computed once for all points of a shape."""
        version = self.network.version
        points = _SCALE[version] * points
        values = hidden = points[..., :0]
        for place, (weight, offset) in enumerate(zip(self.weights, self.offsets)):
            if place < _READ_AGAIN[version]:
                of_inputs, of_code = weight.split([hidden.shape[-1] + 3, codes.shape[-1]], 1)
                values = linear(torch.cat([hidden, points], -1), of_inputs) + linear(codes, of_code, offset)[:, None]
            else:
                values = linear(hidden, weight, offset)
            hidden = leaky_relu(values, SLOPE)
        return clipped(values[..., 0]) if version == "improved" else values[..., 0].sigmoid()


def clipped(values: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """max(min(h, 0.01 h + 0.99), 0.01 h): values from 0 to 1 as they are, of others a hundredth of what is beyond.

    So a value outside keeps a hundredth of its gradient.

    >>> clipped(torch.tensor([-2.0, 0.25, 3.0]))
    tensor([-0.0200,  0.2500,  1.0200])
    """
    return torch.maximum(torch.minimum(values, _KEPT * values + (1 - _KEPT)), _KEPT * values)


def _first_weights(n_in: int, n_out: int, network: ImNetNetwork, place: int) -> Float[Tensor, "out in"]:
    """First weights of the layer at ``place``, which reads ``n_in`` features, and perhaps the point and the code.

    Kaiming's rule, by the number of inputs, leaves the three coordinates, small as they are, with no say beside a code
    of many numbers, and the network at the mean occupancy for hundreds of steps. So their weights are such that the
    coordinates of even points give each feature a variance of 1.
    """
    reads = place < _READ_AGAIN[network.version]
    weight = torch.empty(n_out, n_in + (3 + network.latent) * reads)
    if network.initialization == "published":
        return nn.init.normal_(
            weight, 1e-5 if place == len(_WIDTHS[network.version]) and network.version == "improved" else 0.0, 0.02
        )
    nn.init.kaiming_normal_(weight, SLOPE, nonlinearity="leaky_relu")
    if reads:
        nn.init.normal_(weight[:, n_in : n_in + 3], 0.0, 2 / _SCALE[network.version])  # 3 (2 / s)^2 (s^2 / 12) = 1
    return weight

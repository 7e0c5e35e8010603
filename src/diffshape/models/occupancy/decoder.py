"""Decoder of an Occupancy Network: points and codes to logits, by residual blocks that the code conditions.

Residual block: x + W_2 relu(W_1 relu(x)), W_2 zero at the start. Ways of a code c into the network:

    additive    x + W c before each block
    film        (1 + W_g c) x + W_b c before each block, zero at the start
    batch_norm  (1 + W_g c) normalised(x) + W_b c before each layer, zero at the start
    once        x + W c behind the first layer

Sources: Mescheder et al., Occupancy Networks, CVPR 2019, and its code (batch_norm, once); Peng et al., Convolutional
Occupancy Networks, ECCV 2020 (additive); Perez et al., FiLM, AAAI 2018.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape.models.occupancy.config import OccupancyConfig


class ResidualBlock(nn.Module):
    """W x + W_2 relu(W_1 relu(x) + b_1) + b_2, W the identity where both sizes agree; W_2 and b_2 are zero at first."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, min(inputs, outputs))
        self.second = zero_linear(self.first.out_features, outputs)
        self.shortcut = nn.Linear(inputs, outputs, bias=False) if inputs != outputs else nn.Identity()

    def forward(self, x: Float[Tensor, "*n i"]) -> Float[Tensor, "*n o"]:
        """Features (..., inputs) to (..., outputs)."""
        return self.shortcut(x) + self.second(self.first(x.relu()).relu())


class ConditionalBatchNorm(nn.Module):
    """(1 + W_g c) (x - mean) / deviation + W_b c: batch normalisation whose scale and offset are read from a code.

    Mean and deviation are those of all points of the batch in training, and their running means afterwards. Source:
    de Vries et al., NeurIPS 2017.
    """

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.scale_and_shift = ScaleAndShift(code, width)

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """Normalised features of P points of B shapes."""
        return self.scale_and_shift(self.norm(x.flatten(0, 1)).view_as(x), codes)


class ScaleAndShift(nn.Module):
    """(1 + W_g c) x + W_b c; the identity at the start."""

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.scale, self.shift = zero_linear(code, width), zero_linear(code, width)

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """Scaled and shifted features of P points of B shapes."""
        return torch.addcmul(self.shift(codes)[:, None], x, 1 + self.scale(codes)[:, None])


class Shift(nn.Module):
    """x + W c."""

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.shift = nn.Linear(code, width)

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """Shifted features of P points of B shapes."""
        return x + self.shift(codes)[:, None]


class NormalizedBlock(nn.Module):
    """x + W_2 relu(N_2(W_1 relu(N_1(x)))), N a conditional batch normalisation, W_2 zero at the start."""

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ConditionalBatchNorm(code, width) for _ in range(2))
        self.first, self.second = nn.Linear(width, width), zero_linear(width, width)

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """Features of P points of B shapes."""
        inner = self.first(self.norms[0](x, codes).relu())
        return x + self.second(self.norms[1](inner, codes).relu())


class ConditionedBlock(nn.Module):
    """A residual block behind the way by which the code enters."""

    def __init__(self, condition: nn.Module, width: int) -> None:
        super().__init__()
        self.condition, self.block = condition, ResidualBlock(width, width)

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """Features of P points of B shapes."""
        return self.block(self.condition(x, codes))


class Decoder(nn.Module):
    """Points (B, P, 3) and codes (B, code) to logits (B, P) of being inside."""

    def __init__(self, config: OccupancyConfig) -> None:
        super().__init__()
        code, width, way = config.code, config.width, config.conditioning
        self.first, self.last = nn.Linear(3, width), nn.Linear(width, 1)
        self.enter = Shift(code, width) if way == "once" else Unconditioned()
        self.blocks = nn.ModuleList(_block(config) for _ in range(config.blocks))
        self.leave = ConditionalBatchNorm(code, width) if way == "batch_norm" else Unconditioned()

    def forward(self, points: Float[Tensor, "b p 3"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p"]:
        """Logits at P points of each of B shapes."""
        x = self.enter(self.first(points), codes)
        for block in self.blocks:
            x = block(x, codes)
        return self.last(self.leave(x, codes).relu())[..., 0]


class Unconditioned(nn.Module):
    """x, whatever the code."""

    def forward(self, x: Float[Tensor, "b p w"], codes: Float[Tensor, "b c"]) -> Float[Tensor, "b p w"]:
        """The features as they are."""
        return x


def zero_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map that is zero at the start."""
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _block(config: OccupancyConfig) -> nn.Module:
    code, width = config.code, config.width
    match config.conditioning:
        case "batch_norm":
            return NormalizedBlock(code, width)
        case "film":
            return ConditionedBlock(ScaleAndShift(code, width), width)
        case "additive":
            return ConditionedBlock(Shift(code, width), width)
        case "once":
            return ConditionedBlock(Unconditioned(), width)

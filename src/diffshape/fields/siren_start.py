"""First weights of a sine network, as SIREN and DiGS publish them.

siren             first layer U(-1/3, 1/3), others U(+-sqrt(6/n) / w0): the sines of every layer spread alike
sphere            layers U(+-sqrt(3/n) / w0) keep |h| near |x|; the last hidden one, near the identity times pi/2 about
                  a bias of pi/2, turns h into cos(pi/2 h), and the output counts the sum of 1 - cos, about |x|^2
multi-frequency   like sphere, but of the first layer three quarters are of high frequency, U(-1, 1), and of the second
                  only a block sees the rest: fine detail is within reach while the start is nearly a sphere

n is the number of inputs of a layer (the outputs, for a sphere). Sources: Sitzmann et al., SIREN, NeurIPS 2020,
supplement 1.5; Ben-Shabat et al., DiGS, CVPR 2022, section 4 and code, whose numbers for w0 = 30 these are.
"""

import math

import torch
from torch import Tensor

from diffshape.fields.config import SirenConfig

_LOW_SHARE = 0.25
"""Share of the units of the first layer that are of low frequency."""
_LEAK = 0.0005
"""Factor of the weights of the second layer outside the block of low frequency."""


def start_weights(config: SirenConfig, generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    """Weight (outputs, inputs) and bias (outputs,) of every layer, first layer first, the linear one last."""
    sizes = [3, *[config.width] * config.hidden_layers, 1]
    shapes = list(zip(sizes[1:], sizes[:-1]))
    if config.start == "siren":
        return [_siren_layer(shape, config.frequency, index == 0, generator) for index, shape in enumerate(shapes)]
    layers = [_sphere_layer(shape, config.frequency, generator) for shape in shapes[:-2]]
    if config.start == "multi-frequency":
        layers[0] = _two_frequencies(config, generator), layers[0][1]
        layers[1] = _low_block(config, generator), layers[1][1]
    return [*layers, _cosines(config, generator), _count(config, generator)]


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> Tensor:
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


def _siren_layer(
    shape: tuple[int, int], frequency: float, first: bool, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    outputs, inputs = shape
    weight = _uniform(shape, 1 / inputs if first else math.sqrt(6 / inputs) / frequency, generator)
    return weight, _uniform((outputs,), 1 / math.sqrt(inputs), generator)


def _sphere_layer(shape: tuple[int, int], frequency: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    outputs, _ = shape
    weight = _uniform(shape, math.sqrt(3 / outputs) / frequency, generator)
    return weight, _uniform((outputs,), 1 / (1000 * outputs * frequency), generator)


def _two_frequencies(config: SirenConfig, generator: torch.Generator) -> Tensor:
    low = int(_LOW_SHARE * config.width)
    return torch.cat(
        [_uniform((low, 3), 1 / config.frequency, generator), _uniform((config.width - low, 3), 1.0, generator)]
    )


def _low_block(config: SirenConfig, generator: torch.Generator) -> Tensor:
    low, bound = int(_LOW_SHARE * config.width), math.sqrt(3 / config.width)
    weight = torch.empty(config.width, config.width)
    weight.uniform_(-bound, bound / config.frequency, generator=generator).mul_(_LEAK)  # lopsided as published
    weight[:low, :low] = _uniform((low, low), bound / config.frequency, generator)
    return weight


def _cosines(config: SirenConfig, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The last hidden layer: sin(w0 (W h + b)) is about cos(pi/2 h)."""
    width = config.width
    weight = 0.5 * math.pi * torch.eye(width) + 0.001 * torch.randn(width, width, generator=generator)
    bias = 0.5 * math.pi + 0.001 * torch.randn(width, generator=generator)
    return weight / config.frequency, bias / config.frequency


def _count(config: SirenConfig, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The linear layer: the sum of 1 - cos."""
    return -1 + 1e-5 * torch.randn(1, config.width, generator=generator), torch.full((1,), float(config.width))

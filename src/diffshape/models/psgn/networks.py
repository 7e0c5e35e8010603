"""Networks of PSGN: maps of an image, the fully connected branch, and the hourglass branch.

Weights of the layers are drawn so that what passes keeps its size, with rectifiers in between (He et al., ICCV 2015).
Nothing is normalised over a batch, where the answers to one image would depend on those to another.
Source: Fan, Su, Guibas, CVPR 2017, with the layers of the released code.
"""

from itertools import pairwise
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape.models.autoencoders.layers import linear, perceptron

Layer = TypeVar("Layer", bound=nn.Module)
_HALF = 0.5**0.5
"""Factor that halves the variance of a layer's outputs, for one of two whose outputs are added."""
_FIRST_SPREAD = 0.1
"""Factor of the first coordinates, so that answers begin as small clouds about the origin."""
_COARSE = 3
"""Count of the coarsest maps that are reached by kernels of 5 x 5; the others by 3 x 3."""


class ImagePyramid(nn.Module):
    """An image (B, 1, H, W) to its maps, each of half the size of that before, and the code without its rectifier."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        deepest = len(widths) - 1
        levels = [_rectified(_convolution(1, widths[0]), _convolution(widths[0], widths[0]))]
        for level in range(1, deepest):
            width = widths[level]
            alike = [_convolution(width, width) for _ in range(3 if level == deepest - 1 else 2)]
            levels.append(_rectified(_halving(widths[level - 1], width, level, deepest), *alike))
        self.levels = nn.ModuleList(levels)
        self.code = _halving(widths[-2], widths[-1], deepest, deepest)

    def forward(self, images: Float[Tensor, "b 1 h w"]) -> tuple[Float[Tensor, "b c y x"], list[Tensor]]:
        """The code as a map, and the maps from the finest to the coarsest."""
        maps, features = [], images
        for level in self.levels:
            features = level(features)
            maps.append(features)
        return self.code(features), maps


class FullyConnected(nn.Module):
    """Codes to points (B, M, 3), without a rectifier on the coordinates.

    Args:
        code: Numbers of the code.
        hidden: Hidden sizes.
        points: M.
        second: Numbers of the hourglass's second code, which joins in after the first hidden layer; 0 for none.
    """

    def __init__(self, code: int, hidden: tuple[int, ...], points: int, *, second: int = 0) -> None:
        super().__init__()
        self.first = linear(code, hidden[0])
        if second:
            self.between = _damped(linear(hidden[0], hidden[0]))
            self.second = _damped(linear(second, hidden[0]))
        last = _damped(linear(hidden[-1], 3 * points), _FIRST_SPREAD)
        self.rest = nn.Sequential(_rectified(*(linear(*sizes) for sizes in pairwise(hidden))), last)

    def forward(self, code: Float[Tensor, "b c"], second: Float[Tensor, "b d"] | None = None) -> Float[Tensor, "b m 3"]:
        """Points of a code, and of the second one with which the branch was made."""
        features = self.first(code).relu()
        if second is not None:
            features = (self.between(features) + self.second(second)).relu()
        return self.rest(features).unflatten(1, (-1, 3))


class Hourglass(nn.Module):
    """Code and maps of an image to a point a pixel: up to half the image, down to a second code, up to ``grid_level``.

    At every level the map of that size from the way before is added.
    """

    def __init__(self, widths: tuple[int, ...], grid_level: int) -> None:
        super().__init__()
        deepest = len(widths) - 1
        narrow = (widths[0], *widths[:-1])  # by level, from the first way up on
        code = (*narrow[:-1], widths[-1])
        self.up = nn.ModuleList(
            _Step(_doubling(code[level + 1], narrow[level]), widths[level], narrow[level])
            for level in range(deepest - 1, 0, -1)
        )
        self.down = nn.ModuleList(
            _Step(_halving(narrow[level - 1], narrow[level], level, deepest), narrow[level], narrow[level])
            for level in range(2, deepest)
        )
        self.second_code = _halving(narrow[-2], narrow[-1], deepest, deepest)
        self.up_again = nn.ModuleList(
            _Step(_doubling(narrow[level + 1], narrow[level]), narrow[level], narrow[level])
            for level in range(deepest - 1, grid_level - 1, -1)
        )
        width = narrow[grid_level]
        last = _damped(_convolution(width, 3), _FIRST_SPREAD)
        self.to_points = nn.Sequential(_convolution(width, width), nn.ReLU(), last)

    def forward(
        self, code: Float[Tensor, "b c y x"], maps: list[Tensor]
    ) -> tuple[Float[Tensor, "b m 3"], Float[Tensor, "b d y x"]]:
        """Points, row by row of the map, and the second code."""
        maps = list(maps)
        for level, step in zip(reversed(range(1, len(maps))), self.up):
            code = maps[level] = step(code, maps[level])
        for level, step in enumerate(self.down, start=2):
            code = maps[level] = step(code, maps[level])
        code = second = self.second_code(code).relu()
        for level, step in zip(reversed(range(1, len(maps))), self.up_again):
            code = step(code, maps[level])
        return points_of_map(self.to_points(code)), second


class Posterior(nn.Module):
    """Q(z | S, I) = N(mean, diag(exp(log_variance))): random vectors that lead to the points S, in view of the image I.

    Points pass a network each and their maximum (PointNet), which is joined to the code of the image.
    """

    def __init__(self, code: int, noise: int) -> None:
        super().__init__()
        self.points = perceptron([3, 64, 128, 128], "relu", 0.0)
        self.image = linear(code, 128)
        self.last = nn.Linear(256, 2 * noise)
        nn.init.zeros_(self.last.weight)  # N(0, I) to begin with
        nn.init.zeros_(self.last.bias)

    def forward(
        self, points: Float[Tensor, "b n 3"], code: Float[Tensor, "b c"]
    ) -> tuple[Float[Tensor, "b z"], Float[Tensor, "b z"]]:
        """Mean and logarithm of the variance."""
        joined = torch.cat([self.points(points).amax(1), self.image(code)], 1).relu()
        mean, log_variance = self.last(joined).chunk(2, 1)
        return mean, log_variance


def points_of_map(coordinates: Float[Tensor, "b 3 y x"]) -> Float[Tensor, "b m 3"]:
    """The three channels of each pixel as a point, row by row.

    A plain reshape of the channel-first map to (B, -1, 3) would make points of neighbouring pixels' x alone.
    """
    return coordinates.flatten(2).mT


class _Step(nn.Module):
    """Features carried to the size of a map, the map added to them, and one more convolution."""

    def __init__(self, carry: nn.Module, skip: int, width: int) -> None:
        super().__init__()
        self.carry, self.skip = _damped(carry), _damped(_convolution(skip, width))
        self.mix = _convolution(width, width)

    def forward(self, features: Float[Tensor, "b c y x"], skip: Float[Tensor, "b d v u"]) -> Float[Tensor, "b e v u"]:
        """Features of the map's size."""
        return self.mix((self.carry(features) + self.skip(skip)).relu()).relu()


def _convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    return _drawn(nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2), inputs * kernel**2)


def _halving(inputs: int, outputs: int, level: int, deepest: int) -> nn.Conv2d:
    return _convolution(inputs, outputs, 5 if level > deepest - _COARSE else 3, stride=2)


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    layer = nn.ConvTranspose2d(inputs, outputs, 5, stride=2, padding=2, output_padding=1)
    return _drawn(layer, inputs * 25 / 4)  # of the 25 taps a quarter meets an output


def _drawn(layer: Layer, fan_in: float) -> Layer:
    weight, bias = layer.parameters()
    nn.init.normal_(weight, std=(2 / fan_in) ** 0.5)
    nn.init.zeros_(bias)
    return layer


def _damped(layer: Layer, factor: float = _HALF) -> Layer:
    """The layer, which has no offset yet, with outputs of ``factor`` times the size."""
    next(layer.parameters()).data.mul_(factor)
    return layer


def _rectified(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))

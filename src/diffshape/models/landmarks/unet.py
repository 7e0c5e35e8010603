"""A small U-Net from a grey image to one heat-map a landmark, with a head that predicts the variance of each.

Each level halves the image and holds two 3 x 3 convolutions with group normalisation; on the way up, features are
enlarged and added to those of the same size (Ronneberger et al., MICCAI 2015, with sums for concatenations).
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_whole
from diffshape.models.landmarks.config import LandmarkUNetConfig
from diffshape.models.landmarks.output import LandmarkOutput, UncertaintyHead


class LandmarkUNet(nn.Module):
    """Heat-maps of K landmarks at 1/stride of the image.

    Args:
        count: Number of landmarks K.
        config: Widths and stride; ``LandmarkUNetConfig()`` if ``None``.
        start: Predicted ln(variance) before training, in pixels of the heat-map.

    >>> network = LandmarkUNet(22, LandmarkUNetConfig(widths=(8, 16, 16)))
    >>> output = network(torch.zeros(1, 1, 64, 48))
    >>> output.heatmaps.shape, output.log_variance.shape
    (torch.Size([1, 22, 16, 12]), torch.Size([1, 22, 2]))
    """

    @checked
    def __init__(self, count: int, config: LandmarkUNetConfig | None = None, *, start: float = 0.0) -> None:
        super().__init__()
        check_whole("LandmarkUNet: count", count, 1, 2**16)
        check_number("LandmarkUNet: start", start, -1e30, 1e30)
        config = config or LandmarkUNetConfig()
        widths = config.widths
        self.stride, self.coarsest = config.stride, config.coarsest
        self.down = nn.ModuleList(
            nn.Sequential(_convolution(before, width, stride=2), _convolution(width, width))
            for before, width in pairwise((1, *widths))
        )
        steps = len(widths) - (config.stride.bit_length() - 1)
        ups = [(widths[-1 - i], widths[-2 - i]) for i in range(steps)]
        self.narrow = nn.ModuleList(nn.Conv2d(below, above, 1) for below, above in ups)
        self.up = nn.ModuleList(_convolution(above, above) for _, above in ups)
        last = ups[-1][1] if ups else widths[-1]
        self.maps = nn.Conv2d(last, count, 1)
        self.uncertainty = UncertaintyHead(last, float(start))

    @checked
    def forward(self, images: Float[Tensor, "b 1 h w"]) -> LandmarkOutput:
        """Heat-maps and ln(variance).

        Raises:
            ValueError: The images are not grey, or their sides no multiples of the coarsest stride.
        """
        if (
            images.ndim != 4
            or images.shape[1] != 1
            or images.shape[2] % self.coarsest
            or images.shape[3] % self.coarsest
        ):
            raise ValueError(
                f"LandmarkUNet: images must have shape (B, 1, H, W), H and W multiples of {self.coarsest}, "
                f"got {tuple(images.shape)}"
            )
        skips, features = [], images
        for down in self.down:
            features = down(features)
            skips.append(features)
        for narrow, up, skip in zip(self.narrow, self.up, reversed(skips[:-1])):
            enlarged = torch.nn.functional.interpolate(narrow(features), size=skip.shape[-2:], mode="bilinear")
            features = up(enlarged + skip)
        heatmaps = self.maps(features)
        return LandmarkOutput(heatmaps, self.uncertainty(heatmaps, features))


def _convolution(before: int, width: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False), nn.GroupNorm(8, width), nn.ReLU(inplace=True)
    )

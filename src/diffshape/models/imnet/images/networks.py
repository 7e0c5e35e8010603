"""The residual network from images to codes. Source: Chen, Zhang, CVPR 2019, and the code of its successor."""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from diffshape.models.imnet.images.config import ImNetImagesConfig
from diffshape.models.imnet.networks import SLOPE


class ImageEncoder(nn.Sequential):
    """Images (B, H, W), 0 beside the shape, to codes (B, latent) in (0, 1).

    A 7 x 7 convolution of stride 2, two residual blocks, two more behind each halving down to 8 pixels a side, a
    convolution down to 4, and a last one over all of them.
    """

    def __init__(self, config: ImNetImagesConfig, latent: int) -> None:
        halvings = config.size.bit_length() - 4
        channels = [config.width * 2**level for level in range(halvings)]
        layers: list[nn.Module] = [*_normed(1, channels[0], 7, 2, 3), nn.LeakyReLU(SLOPE)]
        for few, many in pairwise([channels[0], *channels]):
            layers += [_Residual(few, many), _Residual(many, many)]
        last = channels[-1]
        layers += [*_normed(last, last, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        super().__init__(*layers, nn.Conv2d(last, latent, 4), nn.Flatten(), nn.Sigmoid())
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)

    def forward(self, images: Float[Tensor, "b h w"]) -> Float[Tensor, "b l"]:
        """Codes of images."""
        return super().forward(images[:, None])


class _Residual(nn.Module):
    """Two normalised 3 x 3 convolutions added to what comes in; where channels double, the image is halved."""

    def __init__(self, few: int, many: int) -> None:
        super().__init__()
        stride = 1 if few == many else 2
        self.first, self.second = _normed(few, many, 3, stride, 1), _normed(many, many, 3, 1, 1)
        self.beside = nn.Identity() if few == many else _normed(few, many, 1, 2, 0)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        """Images with ``many`` channels."""
        inner = self.second(leaky_relu(self.first(images), SLOPE))
        return leaky_relu(inner + self.beside(images), SLOPE)


def _normed(few: int, many: int, size: int, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(few, many, size, stride, padding, bias=False), nn.BatchNorm2d(many))

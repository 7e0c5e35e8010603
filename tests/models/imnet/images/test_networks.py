from itertools import pairwise

import pytest
import torch

from diffshape.models import PUBLISHED_IMNET_IMAGES, ImNetImagesConfig
from diffshape.models.imnet.images.networks import ImageEncoder


def published_parameters(width, latent):
    """Those of the released network, counted from its source: batch normalisation has two numbers a channel."""

    def normed(few, many, size):
        return few * many * size**2 + 2 * many

    def pair(few, many):
        beside = 0 if few == many else normed(few, many, 1)
        return normed(few, many, 3) + normed(many, many, 3) + beside + 2 * normed(many, many, 3)

    channels = [width, width, 2 * width, 4 * width, 8 * width]
    pairs = sum(pair(few, many) for few, many in pairwise(channels))
    last = normed(8 * width, 8 * width, 4) + 8 * width * latent * 16 + latent
    return normed(1, width, 7) + pairs + last


def test_parameters_as_published():
    with torch.device("meta"):
        encoder = ImageEncoder(PUBLISHED_IMNET_IMAGES, 256)
    count = sum(parameter.numel() for parameter in encoder.parameters())
    assert count == published_parameters(64, 256) == 17_462_976


@pytest.mark.parametrize("size", [32, 64, 128])
def test_every_size_becomes_codes_between_0_and_1(size):
    encoder = ImageEncoder(ImNetImagesConfig(size=size, width=2), 5)
    codes = encoder(torch.rand(3, size, size))
    assert codes.shape == (3, 5)
    assert bool(((codes > 0) & (codes < 1)).all())

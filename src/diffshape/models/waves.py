"""Coordinates as sines and cosines of growing frequency, by which a network tells near points apart."""

import torch
from jaxtyping import Float
from torch import Tensor


def waves(points: Float[Tensor, "*b d"], octaves: int) -> Float[Tensor, "*b w"]:
    """sin(2^k pi x) and cos(2^k pi x) of each coordinate, k = 0 ... ``octaves`` - 1: 2 D octaves numbers a point.

    Coordinate after coordinate, the sines of one before its cosines. Source: Mildenhall et al., NeRF, ECCV 2020.

    >>> waves(torch.tensor([[0.5, 1 / 6]]), 1)[:, ::2]  # the sines
    tensor([[1.0000, 0.5000]])
    """
    frequencies = torch.pi * 2.0 ** torch.arange(octaves, device=points.device, dtype=points.dtype)
    turns = points[..., None] * frequencies
    return torch.cat([turns.sin(), turns.cos()], -1).flatten(-2)


def with_waves(points: Float[Tensor, "*b d"], octaves: int) -> Float[Tensor, "*b w"]:
    """The coordinates themselves, then their :func:`waves`: D (1 + 2 octaves) numbers a point."""
    return torch.cat([points, waves(points, octaves)], -1) if octaves else points

"""Points on boxes of random sizes about the origin: a family of three parameters, drawn in a line."""

import torch

from diffshape.data import ShapeSet


def box_clouds(count: int, points: int = 256, *, seed: int = 0) -> ShapeSet:
    """``count`` boxes with half sides from 0.15 to 0.45 and ``points`` points on each."""
    generator = torch.Generator().manual_seed(seed)
    halves = 0.15 + 0.3 * torch.rand(count, 1, 3, generator=generator)
    places = 2 * torch.rand(count, points, 3, generator=generator) - 1
    axes = torch.randint(3, (count, points, 1), generator=generator)
    signs = 2.0 * torch.randint(2, (count, points, 1), generator=generator) - 1
    names = tuple(f"box {number}" for number in range(count))
    return ShapeSet(names=names, points=halves * places.scatter(2, axes, signs))

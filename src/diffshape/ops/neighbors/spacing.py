"""How far apart neighbouring points of a cloud are."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.operators import operator


@operator("median_spacing")
def median_spacing(points: Tensor, mask: Tensor | None = None) -> Tensor:
    """Median distance to the nearest other point: (B,) of clouds (B, N, D), of their real points (B, N) if masked.

    0 where a cloud has one point, or where most points coincide with another. No gradient.

    >>> median_spacing(torch.tensor([[[0.0], [1.0], [2.0], [9.0]]]))
    tensor([1.])
    """
    clouds = points if mask is None else [cloud[real] for cloud, real in zip(points, mask)]
    return torch.stack([_spacing(cloud) for cloud in clouds]) if len(points) else points.new_empty(0)


def _spacing(cloud: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    if len(cloud) < 2:
        return cloud.new_zeros(())
    return NeighborIndex(cloud).query(cloud, k=2).squared_distances[:, 1].sqrt().median()


@torch.library.register_fake(median_spacing)
def _(points: Tensor, mask: Bool[Tensor, "b n"] | None = None) -> Tensor:
    return points.new_empty(len(points))

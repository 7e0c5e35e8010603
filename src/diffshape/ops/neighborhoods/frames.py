"""Frames in which a neighbourhood looks the same however it is turned, mirrored or seen from either side."""

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.ops.local_quadrics import tangents

FALLOFF = 3.0
"""Fall of the weights of a plane, exp(-FALLOFF d^2), with the distance d in units of the last neighbour's."""


def plane_normals(offsets: Float[Tensor, "n k 3"]) -> Float[Tensor, "n 3"]:
    """Unit normals of the planes through neighbours, the near ones weighing more; of either sign.

    Args:
        offsets: From a point to its neighbours, nearest first.
    """
    squared = offsets.square().sum(-1)
    weights = torch.exp(-FALLOFF * squared / squared[:, -1:].clamp_min(torch.finfo(squared.dtype).tiny))
    weights = weights / weights.sum(1, keepdim=True)
    centered = offsets - (weights[..., None] * offsets).sum(1, keepdim=True)
    scale = squared[:, -1].sqrt().clamp_min(torch.finfo(squared.dtype).tiny)[:, None, None]
    centered = (centered / scale).double()
    spread = (weights[..., None] * centered).mT @ centered
    return torch.linalg.eigh(spread).eigenvectors[:, :, 0].to(offsets)


def canonical_frames(offsets: Float[Tensor, "n k 3"], normals: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3 3"]:
    """Orthonormal frames, rows x, y, z, that turn with the neighbours.

    z is the normal, on the side that the near neighbours lie on in the mean; x is the direction in which they rise most
    as a second moment, y the one across; both point to where more of them are up. So a neighbourhood that is turned or
    mirrored, or seen from the other side, has the same coordinates.

    Args:
        offsets: From a point to its neighbours, in units of about their distance.
        normals: Unit normals of either sign.
    """
    frames = torch.cat([tangents(normals), normals[:, None]], dim=1)
    x, y, z = (offsets @ frames.mT).unbind(-1)
    rises = torch.exp(-(x * x + y * y)) * z
    side = _sign(rises.sum(1))
    rises = rises * side[:, None]
    angle = 0.5 * torch.atan2((2 * rises * x * y).sum(1), (rises * (x * x - y * y)).sum(1))
    cosine, sine = angle.cos(), angle.sin()
    along = cosine[:, None] * frames[:, 0] + sine[:, None] * frames[:, 1]
    across = cosine[:, None] * frames[:, 1] - sine[:, None] * frames[:, 0]
    first = _sign((rises * (cosine[:, None] * x + sine[:, None] * y)).sum(1))
    second = _sign((rises * (cosine[:, None] * y - sine[:, None] * x)).sum(1))
    return torch.stack([first[:, None] * along, second[:, None] * across, side[:, None] * normals], dim=1)


def _sign(values: Tensor) -> Tensor:
    return torch.where(values < 0, -1.0, 1.0).to(values)

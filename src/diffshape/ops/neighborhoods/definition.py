"""What a network sees of a point of a scan: its neighbours, raw and smoothed so far, in a canonical frame.

Lengths are in units of the neighbourhood's radius R or of the noise, so that a scan looks the same in any unit. Heights
of any size come in as s(t) = t / sqrt(1 + t^2).
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.ops.neighborhoods.frames import canonical_frames
from diffshape.ops.neighborhoods.quadric_fit import fit_quadric

FEATURES = 16
"""Number of values of each neighbour."""
SUMMARY = 16
"""Number of values of a neighbourhood."""
UNIT_RANK = 96
"""Neighbour whose distance is the radius of a neighbourhood."""
DENSITY_RANK = 8
"""Neighbour whose distance tells the spacing of the points."""
FALLOFFS = (4.0, 1.0, 0.25)
"""Falls of the weights exp(-f r^2) of three quadrics, of which the summary tells how well they fit."""
SMOOTH = 0.3
"""Noise of points that were smoothed, in units of that of the scan."""
LEAST = 1e-9
"""Length that is added before a logarithm, in the unit of the points."""


class SmoothedCloud(NamedTuple):
    """A scan as far as it has been smoothed; M points."""

    raw: Float[Tensor, "m 3"]
    """Points as measured."""
    points: Float[Tensor, "m 3"]
    """Points where they are now."""
    normals: Float[Tensor, "m 3"]
    """Unit normals there, of either sign."""
    log_error: Float[Tensor, "m"]
    """Logarithm of the expected distance to the surface."""
    outlier: Float[Tensor, "m"]
    """Logit of being an outlier."""

    __repr__ = one_line


class Neighborhoods(NamedTuple):
    """The neighbourhoods of N points, K neighbours each; lengths in units of the radius."""

    features: Float[Tensor, "n k f"]
    """What is seen of each neighbour."""
    summary: Float[Tensor, "n s"]
    """What is seen of the neighbourhood."""
    raw: Float[Tensor, "n k 3"]
    """The neighbours where they were measured, from the point, in its frame."""
    smooth: Float[Tensor, "n k 3"]
    """The neighbours where they are now."""
    noise: Float[Tensor, "n"]
    """Noise of the scan."""
    frames: Float[Tensor, "n 3 3"]
    """Rows x, y, z of the frame; z is the normal."""
    radius: Float[Tensor, "n"]
    """Radius of the neighbourhood, in the unit of the points."""

    __repr__ = one_line


def reference_neighborhoods(
    cloud: SmoothedCloud,
    rows: Int[Tensor, "n"],
    neighbors: Int[Tensor, "n k"],
    noise: Float[Tensor, "n"],
    ladder: Int[Tensor, "l"],
) -> Neighborhoods:
    """The definition in PyTorch."""
    neighbors = neighbors.long()
    centers, normals = cloud.points[rows], cloud.normals[rows]
    smooth = cloud.points[neighbors] - centers[:, None]
    unit = min(UNIT_RANK, smooth.shape[1] - 1)
    distances = smooth.norm(dim=-1)
    radius = distances[:, unit].clamp_min(1e-30)
    smooth = smooth / radius[:, None, None]
    frames = canonical_frames(smooth, normals)
    smooth = smooth @ frames.mT
    raw = (cloud.raw[neighbors] - centers[:, None]) @ (frames.mT / radius[:, None, None])
    facing = cloud.normals[neighbors] @ frames.mT
    facing = torch.where(facing[..., 2:] < 0, -facing, facing)
    level, log_noise = noise / radius, torch.log(noise + LEAST)
    fine, coarse = (SMOOTH * level + 0.01)[:, None], (level + 0.02)[:, None]
    x, y, z = smooth.unbind(-1)
    u, v, w = facing.unbind(-1)
    height, measured = _bounded(z / (2 * fine)), _bounded(raw[..., 2] / (3 * coarse))
    plane = _bounded(-(smooth * facing).sum(-1) / (2 * fine))
    error = (cloud.log_error[neighbors] - log_noise[:, None]).clamp(-4, 3) / 2
    moved = _bounded(((raw - smooth) * facing).sum(-1).abs() / (3 * coarse))
    bent = (4 * (1 - w)).clamp(max=1)
    heights = (height, height.square(), measured, measured.square(), plane, plane.square())
    shown = level.clamp(max=2)
    each = (x, y, x * x + y * y, *heights, u, v, w, bent, error, moved, shown[:, None].expand_as(x))
    own = ((cloud.raw[rows] - centers) * normals).sum(-1).abs() / (noise + LEAST)
    whole = (
        shown,
        torch.log(level + 0.01),
        torch.log(distances[:, min(DENSITY_RANK, unit)] / radius + 1e-6),
        torch.log(distances[:, -1] / radius + 1e-6),
        (cloud.log_error[rows] - log_noise).clamp(-4, 3),
        _bounded(own / 3),
        cloud.outlier[rows].clamp(-5, 5) / 3,
        *_quadrics(smooth[:, ladder], fine[:, 0]),
    )
    return Neighborhoods(torch.stack(each, dim=-1), torch.stack(whole, dim=-1), raw, smooth, level, frames, radius)


def _quadrics(local: Float[Tensor, "n l 3"], fine: Float[Tensor, "n"]) -> list[Float[Tensor, "n"]]:
    """Height, residual and curvature of quadrics of three widths."""
    x, y, z = local.unbind(-1)
    squared = x * x + y * y
    seen = []
    for falloff in FALLOFFS:
        weights = torch.exp(-falloff * squared)
        c = fit_quadric(local, weights)[:, :, None]
        residual = z - c[:, 0] - c[:, 1] * x - c[:, 2] * y - c[:, 3] * x * x - c[:, 4] * x * y - c[:, 5] * y * y
        spread = ((weights * residual * residual).sum(1) / weights.sum(1)).sqrt()
        height = _bounded(c[:, 0, 0] / (2 * fine))
        seen += [height, torch.log((spread + 1e-4) / fine).clamp(-3, 3), c[:, 3:, 0].norm(dim=-1).clamp(max=3)]
    return seen


def _bounded(values: Tensor) -> Tensor:
    return values / torch.sqrt(1 + values * values)

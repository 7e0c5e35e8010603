"""Light on what a picture shows: a warm key light from the upper left, a cool fill light from the right, and the sky.

Less of the sky reaches hollows: at distances of a pixel or two up to an eighth of the picture, each pixel is compared
with those around it, which hide as much as they stand above its tangent plane.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

SUPERSAMPLING = 2
GAMMA = 2.2
BACKGROUND = (0.955, 0.962, 0.972)
"""sRGB of what is behind a shape."""
_SHADOW, _SOFTNESS = 0.85, 0.7
"""Darkness of the ground where all the light of the sky is hidden, and the power by which faint shadows are raised."""
_STRENGTH = 1.5
"""Share of the sky that is lost at one distance, for a mean sine of 1."""
_BIAS = 0.1
"""Sine of the angle above the tangent plane below which nothing is hidden: what is rough is not dark."""
_DIRECTIONS = 14
_REACH = 3
"""Distance, in pixels of each level, to the pixels that one is compared with."""


class Layer(NamedTuple):
    """What is seen in each pixel: unit normal towards the eye (0 where nothing is), linear RGB, and depth (or inf)."""

    normals: Float[Tensor, "h w 3"]
    colors: Float[Tensor, "h w 3"]
    depth: Float[Tensor, "h w"]


def developed(layer: Layer, shadow: Float[Tensor, "h w"], depths: tuple[float, float]) -> UInt8[np.ndarray, "h w 3"]:
    """A layer in sRGB: light, hollows, shadow and haze, averaged down to the size of the picture.

    Args:
        layer: What is seen, ``SUPERSAMPLING`` pixels for one of the picture.
        shadow: Share of light, 0 to 1, that is hidden from what is behind the shape, a number a pixel of the picture.
        depths: Nearest and farthest depth of the scene, between which the haze grows.
    """
    seen = torch.isfinite(layer.depth)
    paper = torch.tensor(BACKGROUND) ** GAMMA
    picture = _finer(paper * (1 - _SHADOW * shadow[..., None] ** _SOFTNESS))
    open_sky = _finer(_openness(layer, seen)[..., None])[seen]
    lit = layer.colors[seen] * _light(layer.normals[seen], open_sky)
    picture[seen] = lit.lerp(paper, _haze(layer.depth[seen], *depths)[:, None])
    small = torch.nn.functional.avg_pool2d(picture.permute(2, 0, 1)[None], SUPERSAMPLING)[0].permute(1, 2, 0)
    return (small.clamp(0, 1) ** (1 / GAMMA) * 255).round().to(torch.uint8).numpy()


def _finer(image: Float[Tensor, "h w c"]) -> Float[Tensor, "h2 w2 c"]:
    return image.repeat_interleave(SUPERSAMPLING, 0).repeat_interleave(SUPERSAMPLING, 1)


def _light(normals: Float[Tensor, "n 3"], open_sky: Float[Tensor, "n 1"]) -> Float[Tensor, "n 3"]:
    """Irradiance. y points down, z away; hollows lose most of the sky and some of the lamps."""
    sky = torch.tensor([0.27, 0.30, 0.36]) * (0.75 - 0.35 * normals[:, 1:2])
    key = _lambert(normals, (-0.55, -0.65, -0.60)) * torch.tensor([1.08, 1.01, 0.92])
    fill = _lambert(normals, (0.80, 0.05, -0.45)) * torch.tensor([0.20, 0.24, 0.31])
    shine = _lambert(normals, (-0.30, -0.36, -0.88)) ** 40 * 0.2
    return sky * open_sky + (key + fill + shine) * open_sky.sqrt()


def _lambert(normals: Float[Tensor, "n 3"], direction: tuple[float, float, float]) -> Float[Tensor, "n 1"]:
    light = torch.nn.functional.normalize(torch.tensor(direction), dim=0)
    return (normals @ light)[:, None].clamp_min(0)


def _openness(layer: Layer, seen: Bool[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Share of the sky that reaches each pixel of the picture, coarser than the layer by ``SUPERSAMPLING``."""
    finest = torch.cat([layer.normals.permute(2, 0, 1), layer.depth.where(seen, 0.0)[None], seen[None].float()])
    level, width = _coarser(finest[None], 1.0, SUPERSAMPLING), float(SUPERSAMPLING)
    shape = level.shape[-2:]
    result = torch.ones(shape)
    while min(level.shape[-2:]) > 8 * _REACH and width * _REACH < len(layer.depth) / 8:
        closed = _closed(level[0], width) * level[:, 4:]
        both = torch.cat([closed, level[:, 4:]], dim=1)
        hidden, known = torch.nn.functional.interpolate(both, shape, mode="bilinear", align_corners=False)[0]
        result *= 1 - (_STRENGTH * hidden / known.clamp_min(1e-6)).clamp(0, 1)
        level, width = _coarser(level, width, 2), width * 2
    return result


def _coarser(level: Float[Tensor, "1 5 h w"], width: float, factor: int) -> Float[Tensor, "1 5 h2 w2"]:
    """Means of weighted normals, depths and weights over what is near the nearest of each block, not through holes."""
    depth = torch.where(level[:, 4] > 0, level[:, 3] / level[:, 4].clamp_min(1e-6), torch.inf)
    nearest = -torch.nn.functional.max_pool2d(-depth, factor, ceil_mode=True)
    nearest = nearest.repeat_interleave(factor, 1).repeat_interleave(factor, 2)[:, : depth.shape[1], : depth.shape[2]]
    return torch.nn.functional.avg_pool2d(level * (depth <= nearest + 5 * width)[:, None], factor, ceil_mode=True)


def _closed(level: Float[Tensor, "5 h w"], width: float) -> Float[Tensor, "1 h w"]:
    """Mean, over directions, of how far the pixels around stand above the tangent plane, as a sine."""
    weight = level[4].clamp_min(1e-6)
    normals = torch.nn.functional.normalize(level[:3], dim=0)
    depth = torch.where(level[4] > 0, level[3] / weight, torch.inf)
    closed = torch.zeros_like(depth)
    for turn in range(_DIRECTIONS):
        angle = math.tau * (turn + 0.5) / _DIRECTIONS
        down, across = round(_REACH * math.sin(angle)), round(_REACH * math.cos(angle))
        rise = depth.roll((-down, -across), (0, 1)) - depth
        squared = width**2 * (down**2 + across**2) + rise**2
        above = (normals[0] * across + normals[1] * down) * width + normals[2] * rise
        sine = (above / squared.sqrt() - _BIAS).clamp_min(0)
        nearness = 1 / (1 + squared / (2.5 * width * _REACH) ** 2)  # what is far in front is another object
        closed += (sine * nearness).nan_to_num(0.0, 0.0, 0.0) / _DIRECTIONS
    return closed[None]


def _haze(depth: Float[Tensor, "n"], near: float, far: float) -> Float[Tensor, "n"]:
    """Share of the background in the colour of each pixel, which grows with depth."""
    return 0.2 * ((depth - near) / max(far - near, 1e-6)).clamp(0, 1) ** 1.5

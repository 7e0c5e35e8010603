"""One picture of a fit: the surface, and beside it the points it came from, seen by one camera.

Parallel projection, twice the resolution averaged down, a warm key light from the upper left, a cool fill light from
the right, light from the sky, and darker creases (depth compared with that of a ring of neighbours). No OpenGL.
"""

import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side
from diffshape.data.arrays import real_array
from diffshape.data.attributes import checked_attributes
from diffshape.data.mesh_arrays import face_array
from diffshape.data.up import UP, Up
from diffshape.ops import rasterize_mesh, rasterize_spheres
from diffshape.report.pictures.png import write_png

SUPERSAMPLING = 2
GAMMA = 2.2
BACKGROUND = (0.955, 0.962, 0.972)
OUTSIDE, INSIDE, POINTS = (0.30, 0.47, 0.68), (0.72, 0.30, 0.20), (0.80, 0.50, 0.20)
"""Linear RGB of the outer side of a surface, its inner side (seen through holes), and points."""
INVENTED = (0.36, 0.20, 0.60)
"""Linear RGB of both sides of a surface where its confidence is 0."""
SMOOTH_DEGREES = 20.0
"""A vertex normal is used where it is within this angle of the face's, so that creases stay sharp."""


class _Layer(NamedTuple):
    """One rendered panel: normals in picture coordinates (0 where nothing is), colour and depth."""

    normals: Float[Tensor, "h w 3"]
    colors: Float[Tensor, "h w 3"]
    depth: Float[Tensor, "h w"]


@checked
def preview(
    vertices: Any,
    faces: Any,
    points: Any = None,
    *,
    confidence: Any = None,
    colors: Any = None,
    path: str | os.PathLike[str] | None = None,
    size: int = 640,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
    bounds: tuple[Sequence[float], Sequence[float]] | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """Picture of a surface, with its input points to the left if there are any.

    Args:
        vertices, faces: (V, 3) and (F, 3), NumPy or torch; empty for no surface.
        points: (N, 3), in the same coordinates.
        confidence: (V,), from 0 to 1, such as ``FitResult.mesh().attributes["confidence"]``: where it is low, the
            surface is violet on both sides, as it was invented there.
        colors: (V, 3), sRGB of the vertices, uint8 or fractions from 0 to 1, such as ``error_mesh`` gives: those of
            both sides of the surface, in place of blue and red.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels.
        azimuth, elevation: Where the camera stands, in degrees, around and above the ``up`` axis.
        up: The axis that points up in the picture: "x", "y", "z", or "-x", "-y", "-z"; ``data.up.up_of`` has that of a
            file.
        bounds: Lowest and highest corner of the box that fills a panel, so that several pictures have one scale; None
            is what is drawn.

    Returns:
        (size, size, 3), or (size, 2 size, 3) with points, uint8 sRGB. The outer side of a surface is blue,
        the inner one red.

    Raises:
        ValueError: A shape is wrong, an index out of range, a coordinate not finite, or an option out of range.
        OSError: ``path`` cannot be written.

    >>> preview([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0, 1, 2]], size=32).shape
    (32, 32, 3)
    """
    check_side("preview: size", size, 1000)
    check_number("preview: azimuth", azimuth)
    check_number("preview: elevation", elevation)
    surface, cloud = _points("vertices", vertices), _points("points", points if points is not None else [])
    triangles = torch.from_numpy(face_array(faces, len(surface), name="preview: faces"))
    sure, own = _sureness(confidence, len(surface)), _own_colors(colors, len(surface))
    camera = _camera(azimuth, elevation, up)
    pixels = size * SUPERSAMPLING
    shown = torch.cat([surface, cloud]) if bounds is None else _box_corners(*bounds)
    surface, cloud = _framed(surface @ camera.T, cloud @ camera.T, shown @ camera.T, pixels)
    layers = [_surface_layer(surface, triangles, sure, own, pixels)]
    if points is not None:
        layers.insert(0, _point_layer(cloud, pixels))
    image = np.concatenate([_developed(layer) for layer in layers], axis=1)
    if path is not None:
        write_png(path, image)
    return image


def _points(name: str, values: Any) -> Float[Tensor, "n 3"]:
    tensor = torch.from_numpy(real_array(values, name=f"preview: {name}"))
    tensor = tensor.reshape(0, 3) if tensor.numel() == 0 else tensor
    if tensor.ndim != 2 or tensor.shape[1] != 3:
        raise ValueError(f"preview: {name} must have shape (N, 3), got {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"preview: {name} must be finite, got NaN or infinity")
    return tensor


def _sureness(confidence: Any, count: int) -> Float[Tensor, "v"]:
    """Confidence of each vertex, 1 if there is none."""
    sure = np.ones(count) if confidence is None else real_array(confidence, name="preview: confidence")
    if sure.shape != (count,) or not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError(f"preview: confidence must be numbers from 0 to 1 of shape ({count},), got {sure.shape}")
    return torch.from_numpy(sure).float()


def _own_colors(colors: Any, count: int) -> Float[Tensor, "v 3"] | None:
    """Linear RGB of each vertex."""
    if colors is None:
        return None
    read = checked_attributes({"colors": colors}, count, function="preview")["colors"][:, :3]
    return torch.from_numpy((read / 255.0) ** GAMMA).float()


def _camera(azimuth: float, elevation: float, up: str) -> Float[Tensor, "3 3"]:
    """Camera axes in world coordinates, in rows: right, down and away from the eye."""
    around, above = math.radians(azimuth), math.radians(elevation)
    right = (math.cos(around), 0.0, -math.sin(around))
    away = (-math.sin(around) * math.cos(above), -math.sin(above), -math.cos(around) * math.cos(above))
    down = (-math.sin(around) * math.sin(above), math.cos(above), -math.cos(around) * math.sin(above))
    rows = torch.tensor([right, [-entry for entry in down], away], dtype=torch.float64)  # for y up
    if up.startswith("-"):
        rows = rows * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)  # half a turn about x: nothing is mirrored
    return rows.roll({"y": 0, "z": 1, "x": -1}[up[-1]], dims=1)


def _box_corners(low: Sequence[float], high: Sequence[float]) -> Float[Tensor, "8 3"]:
    sides = list(zip(low, high))
    if len(sides) != 3 or not all(-math.inf < first <= last < math.inf for first, last in sides):
        raise ValueError(f"preview: bounds must be two finite corners (x, y, z), low <= high, got {low} and {high}")
    return torch.cartesian_prod(*torch.tensor(sides, dtype=torch.float64))


def _framed(surface: Tensor, cloud: Tensor, shown: Tensor, pixels: int) -> tuple[Tensor, Tensor]:
    """Surface and cloud in picture coordinates, in which ``shown`` fills nine tenths of the panel."""
    if not len(shown):
        return surface.float(), cloud.float()
    low, high = shown.amin(0), shown.amax(0)
    sides = high - low
    side = max(float(sides[:2].max()), float(sides.max()) / 100)  # 0 for one place alone
    scale = 0.9 * pixels / side if side else 1.0
    shift = torch.tensor([pixels / 2, pixels / 2, 0.0]) - (low + high) / 2 * scale
    return (surface * scale + shift).float(), (cloud * scale + shift).float()


def _surface_layer(
    vertices: Float[Tensor, "v 3"],
    faces: Int[Tensor, "f 3"],
    sure: Float[Tensor, "v"],
    own: Float[Tensor, "v 3"] | None,
    pixels: int,
) -> _Layer:
    raster = rasterize_mesh(vertices, faces, height=pixels, width=pixels)
    seen = raster.faces >= 0
    corner_normals = _corner_normals(vertices, faces)  # (F, 3, 3)
    drawn, weights = raster.faces[seen], raster.barycentric[seen]
    normals, confidence = torch.zeros(pixels, pixels, 3), torch.ones(pixels, pixels, 1)
    normals[seen] = (corner_normals[drawn] * weights[..., None]).sum(1)
    confidence[seen] = (sure[faces[drawn]] * weights).sum(1, keepdim=True)
    normals = torch.nn.functional.normalize(normals, dim=-1)
    back = normals[..., 2:] > 0
    known = torch.where(back, torch.tensor(INSIDE), torch.tensor(OUTSIDE))
    if own is not None:
        known[seen] = (own[faces[drawn]] * weights[..., None]).sum(1)
    colors = torch.tensor(INVENTED).lerp(known, confidence)
    return _Layer(torch.where(back, -normals, normals), colors, raster.depth)


def _corner_normals(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"]) -> Float[Tensor, "f 3 3"]:
    """Area-weighted vertex normals where the surface is smooth, the face's own at creases."""
    first, second, third = vertices[faces].unbind(1)
    crosses = torch.linalg.cross(second - first, third - first)
    sums = torch.zeros_like(vertices).index_add_(0, faces.flatten(), crosses.repeat_interleave(3, 0))
    at_corners = torch.nn.functional.normalize(sums, dim=-1)[faces]
    flat = torch.nn.functional.normalize(crosses, dim=-1)[:, None]
    smooth = (at_corners * flat).sum(-1, keepdim=True) > math.cos(math.radians(SMOOTH_DEGREES))
    return torch.where(smooth, at_corners, flat)


def _point_layer(points: Float[Tensor, "n 3"], pixels: int) -> _Layer:
    radius = min(max(0.8 * pixels / math.sqrt(max(len(points), 1)), 1.6), pixels / 80)
    raster = rasterize_spheres(points, radius, height=pixels, width=pixels)
    return _Layer(raster.normals, torch.tensor(POINTS).expand(pixels, pixels, 3), raster.depth)


def _developed(layer: _Layer) -> UInt8[np.ndarray, "h w 3"]:
    """Panel in sRGB: light, darker creases and haze, averaged down to the panel's size."""
    seen = torch.isfinite(layer.depth)
    lit = layer.colors[seen] * _light(layer.normals[seen]) * _openness(layer.depth)[seen][:, None]
    background = torch.tensor(BACKGROUND) ** GAMMA
    picture = background.repeat(*seen.shape, 1)
    picture[seen] = lit.lerp(background, _haze(layer.depth[seen])[:, None])
    small = torch.nn.functional.avg_pool2d(picture.permute(2, 0, 1)[None], SUPERSAMPLING)[0].permute(1, 2, 0)
    return (small.clamp(0, 1) ** (1 / GAMMA) * 255).round().to(torch.uint8).numpy()


def _light(normals: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """Irradiance: sky from above, a warm key light and a cool fill light. y points down, z away."""
    sky = torch.tensor([0.24, 0.27, 0.33]) * (0.7 - 0.3 * normals[:, 1:2])
    key = _lambert(normals, (-0.55, -0.65, -0.60)) * torch.tensor([1.08, 1.01, 0.92])
    fill = _lambert(normals, (0.80, 0.05, -0.45)) * torch.tensor([0.20, 0.24, 0.31])
    shine = _lambert(normals, (-0.30, -0.36, -0.88)) ** 40 * 0.2
    return sky + key + fill + shine


def _lambert(normals: Float[Tensor, "n 3"], direction: tuple[float, float, float]) -> Float[Tensor, "n 1"]:
    light = torch.nn.functional.normalize(torch.tensor(direction), dim=0)
    return (normals @ light)[:, None].clamp_min(0)


def _openness(depth: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """Ambient light of each pixel, 1 in the open and less where the rings around it are nearer to the eye."""
    coarse = depth[::SUPERSAMPLING, ::SUPERSAMPLING]
    closed = torch.zeros_like(coarse)
    for radius in (len(coarse) / 90, len(coarse) / 30):
        for turn in range(8):
            angle = math.tau * turn / 8 + radius
            shift = (round(radius * math.sin(angle)), round(radius * math.cos(angle)))
            ahead = (coarse - coarse.roll(shift, (0, 1))).nan_to_num(0.0, posinf=0.0, neginf=0.0) / SUPERSAMPLING
            rise = (ahead / radius - 0.3).clamp_min(0)
            closed += rise / (1 + rise**2) / 16  # something far in front is another object, not a crease
    fine = torch.nn.functional.interpolate((1 - 0.9 * closed)[None, None], depth.shape, mode="bilinear")
    return fine[0, 0].clamp(0.35, 1)


def _haze(depth: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """Share of the background in the colour of each pixel, which grows with depth."""
    if not len(depth):
        return depth
    low, high = depth.min(), depth.max()
    return 0.2 * ((depth - low) / (high - low).clamp_min(1e-6)) ** 1.5

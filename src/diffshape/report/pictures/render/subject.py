"""What a picture shows: a surface and points, checked once, drawn by any camera."""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from diffshape.data.arrays import real_array
from diffshape.data.attributes import checked_attributes
from diffshape.data.mesh_arrays import face_array
from diffshape.ops import rasterize_mesh, rasterize_spheres, sample_surface
from diffshape.report.pictures.render.camera import Camera
from diffshape.report.pictures.render.ground import ground_shadow
from diffshape.report.pictures.render.shading import GAMMA, SUPERSAMPLING, Layer, developed

OUTSIDE, INSIDE, POINTS = (0.30, 0.47, 0.68), (0.72, 0.30, 0.20), (0.80, 0.50, 0.20)
"""Linear RGB of the outer side of a surface, its inner side (seen through holes), and points."""
INVENTED = (0.36, 0.20, 0.60)
"""Linear RGB of both sides of a surface where its confidence is 0."""
SMOOTH_DEGREES = 20.0
"""A vertex normal is used where it is within this angle of the face's, so that creases stay sharp."""
_ALBEDO = 0.8
"""Share of light that white vertices of a surface reflect, so that pale colours stay apart in full light."""
_MOST_POINTS = 300_000
"""Largest number of points that are drawn, at random of more: they cover every pixel."""
_SHADOWING = 40_000
"""Number of points on a surface that throw its shadow."""


class Subject(NamedTuple):
    """A surface and points in world coordinates."""

    vertices: Float[Tensor, "v 3"]
    faces: Int[Tensor, "f 3"]
    sure: Float[Tensor, "v"] | None
    own: Float[Tensor, "v 3"] | None
    """Linear RGB of each vertex."""
    points: Float[Tensor, "n 3"]


def subject_of(
    vertices: Any, faces: Any, points: Any = None, *, confidence: Any, colors: Any, function: str
) -> Subject:
    """What is to be drawn, as tensors; ``function`` is named where something is wrong."""
    surface = _places(vertices, f"{function}: vertices")
    cloud = _thinned(_places([] if points is None else points, f"{function}: points"))
    triangles = torch.from_numpy(face_array(faces, len(surface), name=f"{function}: faces"))
    sure = _sureness(confidence, len(surface), function)
    return Subject(surface, triangles, sure, _own_colors(colors, len(surface), function), cloud)


def surface_panel(subject: Subject, camera: Camera, *, ground: bool) -> UInt8[np.ndarray, "h w 3"]:
    """The surface in light, with its shadow on the ground if there is one."""
    vertices = camera.place(subject.vertices)
    shadowing = torch.zeros(0, 3)
    if ground and len(subject.faces):
        generator = torch.Generator().manual_seed(0)
        shadowing = sample_surface(vertices, subject.faces, _SHADOWING, generator=generator).points
    return _panel(_surface_layer(vertices, subject, camera.pixels), shadowing, camera)


def point_panel(subject: Subject, camera: Camera, *, ground: bool) -> UInt8[np.ndarray, "h w 3"]:
    """The points as small balls in light, with their shadow on the ground if there is one."""
    points = camera.place(subject.points)
    radius = min(max(0.8 * camera.pixels / math.sqrt(max(len(points), 1)), 1.6), camera.pixels / 80)
    raster = rasterize_spheres(points, radius, height=camera.pixels, width=camera.pixels)
    layer = Layer(raster.normals, torch.tensor(POINTS).expand(*raster.depth.shape, 3), raster.depth)
    return _panel(layer, points if ground else points[:0], camera)


def _panel(layer: Layer, shadowing: Float[Tensor, "n 3"], camera: Camera) -> UInt8[np.ndarray, "h w 3"]:
    return developed(layer, ground_shadow(shadowing, camera, SUPERSAMPLING), camera.depths)


def _places(values: Any, name: str) -> Float[Tensor, "n 3"]:
    tensor = torch.from_numpy(real_array(values, name=name))
    tensor = tensor.reshape(0, 3) if tensor.numel() == 0 else tensor
    if tensor.ndim != 2 or tensor.shape[1] != 3:
        raise ValueError(f"{name} must have shape (N, 3), got {tuple(tensor.shape)}")
    if not bool(torch.isfinite(tensor).all()):
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return tensor


def _thinned(cloud: Float[Tensor, "n 3"]) -> Float[Tensor, "m 3"]:
    """The points that are drawn."""
    if len(cloud) <= _MOST_POINTS:
        return cloud
    chosen = np.random.default_rng(0).choice(len(cloud), _MOST_POINTS, replace=False)
    return cloud[torch.from_numpy(np.sort(chosen))]


def _sureness(confidence: Any, count: int, function: str) -> Float[Tensor, "v"] | None:
    """Confidence of each vertex."""
    if confidence is None:
        return None
    sure = real_array(confidence, name=f"{function}: confidence")
    if sure.shape != (count,) or not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError(f"{function}: confidence must be numbers from 0 to 1 of shape ({count},), got {sure.shape}")
    return torch.from_numpy(sure).float()


def _own_colors(colors: Any, count: int, function: str) -> Float[Tensor, "v 3"] | None:
    """Linear RGB of each vertex."""
    if colors is None:
        return None
    read = checked_attributes({"colors": colors}, count, function=function)["colors"][:, :3]
    return torch.from_numpy(_ALBEDO * (read / 255.0) ** GAMMA).float()


def _surface_layer(vertices: Float[Tensor, "v 3"], subject: Subject, pixels: int) -> Layer:
    raster = rasterize_mesh(vertices, subject.faces, height=pixels, width=pixels)
    seen = raster.faces >= 0
    drawn, weights = raster.faces[seen], raster.barycentric[seen][..., None]
    corners = subject.faces[drawn]
    facing = (_corner_normals(vertices, subject.faces)[drawn] * weights).sum(1)
    facing = torch.nn.functional.normalize(facing, dim=-1)
    back = facing[:, 2:] > 0
    if subject.own is None:
        known = torch.where(back, torch.tensor(INSIDE), torch.tensor(OUTSIDE))
    else:
        known = (subject.own[corners] * weights).sum(1)
    if subject.sure is not None:
        known = torch.tensor(INVENTED).lerp(known, (subject.sure[corners][..., None] * weights).sum(1))
    normals, colors = torch.zeros(pixels, pixels, 3), torch.zeros(pixels, pixels, 3)
    normals[seen], colors[seen] = torch.where(back, -facing, facing), known
    return Layer(normals, colors, raster.depth)


def _corner_normals(vertices: Float[Tensor, "v 3"], faces: Int[Tensor, "f 3"]) -> Float[Tensor, "f 3 3"]:
    """Area-weighted vertex normals where the surface is smooth, the face's own at creases."""
    first, second, third = vertices[faces].unbind(1)
    crosses = torch.linalg.cross(second - first, third - first)
    sums = torch.zeros_like(vertices).index_add_(0, faces.flatten(), crosses.repeat_interleave(3, 0))
    at_corners = torch.nn.functional.normalize(sums, dim=-1)[faces]
    flat = torch.nn.functional.normalize(crosses, dim=-1)[:, None]
    smooth = (at_corners * flat).sum(-1, keepdim=True) > math.cos(math.radians(SMOOTH_DEGREES))
    return torch.where(smooth, at_corners, flat)

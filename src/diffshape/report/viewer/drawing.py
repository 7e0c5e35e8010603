"""Layers as the browser draws them: surfaces as binary glTF, in the unit frame, points as coloured dots."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from diffshape.data.formats.glb.writer import glb_bytes
from diffshape.fitting.surface.clipping import clipped
from diffshape.report.viewer.plane import Plane

MOST_POINTS, MOST_FACES = 200_000, 400_000
"""Largest number of points and of triangles of a layer, with which a browser still turns it smoothly."""
_MATERIAL = {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.8}, "doubleSided": True}
"""Material of surfaces: dull, and seen from both sides, as the inside is where a surface is cut."""


class DrawnSurface(NamedTuple):
    """A mesh in the unit frame."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float64]


def drawn_surface(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> DrawnSurface:
    """A mesh in the unit frame with the area-weighted normals of its vertices."""
    first, second, third = (vertices[corner] for corner in faces.T)
    crosses = np.cross(second - first, third - first)
    corners, count = faces.T.reshape(-1), len(vertices)
    sums = [np.bincount(corners, np.tile(crosses[:, axis], 3), minlength=count) for axis in range(3)]
    normals = np.stack(sums, axis=1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return DrawnSurface(vertices, faces, normals / np.where(lengths > 0, lengths, 1))


def surface_glb(surface: DrawnSurface, colors: UInt8[np.ndarray, "v 3"], cut: Plane | None, far: bool) -> bytes:
    """A surface in colours of its vertices, sRGB, as binary glTF; empty bytes if nothing is left of it.

    Args:
        surface: The mesh.
        colors: Colours of its vertices.
        cut: Plane beyond which nothing is shown; None shows all.
        far: Whether it is the far side of the plane that is shown.
    """
    linear = _linear(colors)
    vertices, faces, normals = surface
    if cut is not None:
        sides = cut.beyond(vertices) * (-1.0 if far else 1.0)
        rows, faces = clipped(np.hstack([vertices, normals, linear]), faces, sides)
        vertices, normals, linear = rows[:, :3], rows[:, 3:6], rows[:, 6:]
    if not len(faces):
        return b""
    return glb_bytes(vertices, faces, normals, {"colors": linear.round().astype(np.uint8)}, _MATERIAL)


def dot_size(count: int) -> float:
    """Width of a dot in the unit frame: dots of a cloud of so many points just about cover a shape.

    >>> dot_size(10), round(dot_size(40_000), 4)
    (0.02, 0.003)
    """
    return min(max(0.6 / math.sqrt(max(count, 1)), 0.002), 0.02)


def _linear(colors: UInt8[np.ndarray, "v 3"]) -> NDArray[np.float64]:
    """Numbers from 0 to 255 that are in proportion to light, as glTF has the colours of vertices."""
    fractions = np.arange(256) / 255
    table = np.where(fractions <= 0.04045, fractions / 12.92, ((fractions + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
    return 255 * table[colors]

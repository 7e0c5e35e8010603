"""Silhouettes and depths of many assembled shapes, by a ray through the middle of every pixel.

The projection is orthographic. Camera coordinates are x to the right, y up and z towards the camera, rotation @ p for
a point p; a picture shows the square of side sqrt(3) about the origin, which the cube from -1/2 to 1/2 never leaves.
Rows go down and columns to the right. Depth is the distance from the plane z = 1.
"""

import math
from collections.abc import Sequence

import numpy as np

from diffshape.data.synthetic.assembled.part import Part, fold
from diffshape.data.synthetic.assembled.primitive import Crossing, Numbers, Points

_SIDE = math.sqrt(3)


def look(azimuth: Numbers, elevation: Numbers) -> Points:
    """Rotations (..., 3, 3) to cameras that stand at angles from the front, z, towards x, and up from there."""
    zero = np.zeros_like(azimuth)
    back = [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)]
    right = np.stack([np.cos(azimuth), zero, -np.sin(azimuth)], axis=-1)
    toward = np.stack(back, axis=-1)
    return np.stack([right, np.cross(toward, right), toward], axis=-2)


def hemisphere_views(shape: tuple[int, int], generator: np.random.Generator) -> Points:
    """Rotations to cameras even over the upper half of the sphere, upright, shape (*shape, 3, 3)."""
    turn, height = generator.random((2, *shape))
    return look(2 * np.pi * turn, np.arcsin(height))


def depth_image(parts: Sequence[Part], rotation: Points, size: int) -> Numbers:
    """Depths (S, size, size) of S shapes from cameras of rotation (S, 3, 3); 0 where there is nothing."""
    line = ((np.arange(size) + 0.5) / size - 0.5) * _SIDE
    right, up, toward = (rotation[:, axis, :, None, None] for axis in range(3))  # (S, 3, 1, 1) each
    x, y, z = np.moveaxis(right * line - up * line[:, None] + toward, 1, 0)
    dx, dy, dz = np.moveaxis(-toward, 1, 0)
    crossings = [part.cross((x, y, z), (dx, dy, dz)) for part in parts]
    enter = np.min([each.enter for part, each in zip(parts, crossings) if not part.cut], axis=0)
    touched = [each.enter < each.leave for part, each in zip(parts, crossings) if part.cut]
    if touched:
        rays = np.nonzero(np.any(touched, axis=0))
        enter[rays] = _first_inside(parts, [Crossing(each.enter[rays], each.leave[rays]) for each in crossings])
    return np.where(np.isfinite(enter), enter, 0)


def _first_inside(parts: Sequence[Part], crossings: Sequence[Crossing]) -> Numbers:
    """Where lines (n,) first enter the whole; infinity if never.

    Between two crossings that follow one another, a line is inside of each part all the time or never.
    """
    times = np.sort(np.concatenate([np.stack(each) for each in crossings]), axis=0)  # (2 P, n)
    with np.errstate(invalid="ignore"):
        middles = (times[:-1] + times[1:]) / 2
    held = fold(parts, ((each.enter < middles) & (middles < each.leave) for each in crossings))
    first = held.argmax(axis=0)
    return np.where(held.any(axis=0), np.take_along_axis(times, first[None], axis=0)[0], np.inf)

"""A shape that turns once about the axis that points up, as an animated picture."""

import math
import os
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side, check_whole
from diffshape.data.up import UP, Up
from diffshape.report.pictures.films import check_film, write_film
from diffshape.report.pictures.render.camera import camera
from diffshape.report.pictures.render.shading import SUPERSAMPLING
from diffshape.report.pictures.render.subject import point_panel, subject_of, surface_panel

SECONDS = 3.6
"""Time of a whole turn."""
_AROUND = 360
"""Points on a circle around the shape, whose picture is the same from all sides."""


@checked
def turntable(
    vertices: Any,
    faces: Any,
    points: Any = None,
    *,
    confidence: Any = None,
    colors: Any = None,
    path: str | os.PathLike[str] | None = None,
    frames: int = 36,
    seconds: float = SECONDS,
    size: int = 400,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
    ground: bool = True,
) -> UInt8[np.ndarray, "n h w 3"]:
    """Pictures of a surface that turns once, with its input points to the left if there are any.

    Args:
        vertices, faces: (V, 3) and (F, 3), NumPy or torch; empty for no surface.
        points: (N, 3), in the same coordinates; with an empty surface, they turn alone.
        confidence: (V,), from 0 to 1: where it is low, the surface is violet, as it was invented there.
        colors: (V, 3), sRGB of the vertices, uint8 or fractions from 0 to 1.
        path: Where to write the animation: a GIF, which repeats for ever, or an MP4 film, which needs the extra
            ``video``, by the ending of the path. None does not write.
        frames: Number of pictures, evenly around, 2 to 720.
        seconds: Time of the whole turn.
        size: Side of a panel in pixels.
        azimuth, elevation: Where the camera stands in the first picture, in degrees, around and above the ``up`` axis;
            later it goes around.
        up: The axis that points up in the pictures, about which the shape turns.
        ground: Draw the soft shadow on the ground.

    Returns:
        (frames, size, size, 3), or (frames, size, 2 size, 3) with points and a surface, uint8 sRGB; all have one scale.

    Raises:
        ValueError: A shape is wrong, an index out of range, a coordinate not finite, an option out of range, or the
            path ends in neither ``.gif`` nor ``.mp4``.
        ImportError: The path ends in ``.mp4``, and the extra ``video`` is not installed.
        OSError: ``path`` cannot be written.

    Time is that of ``frames`` calls of ``preview``: some 10 s for 100,000 faces.

    >>> turntable([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0, 1, 2]], frames=3, size=32).shape
    (3, 32, 32, 3)
    """
    check_whole("turntable: frames", frames, 2, 720)
    check_number("turntable: seconds", seconds, 0, 3600, above=True)
    check_side("turntable: size", size, 1000)
    check_number("turntable: azimuth", azimuth)
    check_number("turntable: elevation", elevation)
    if path is not None:
        check_film(path, name="turntable: path")
    subject = subject_of(vertices, faces, points, confidence=confidence, colors=colors, function="turntable")
    panels = [draw for draw, there in ((point_panel, points is not None), (surface_panel, len(subject.faces))) if there]
    shown = _circles(torch.cat([subject.vertices, subject.points]), up)
    turned = []
    for number in range(frames):
        at = azimuth + 360.0 * number / frames
        view = camera(shown, size * SUPERSAMPLING, azimuth=at, elevation=elevation, up=up)
        drawn = [draw(subject, view, ground=ground) for draw in panels or [surface_panel]]
        turned.append(np.concatenate(drawn, axis=1))
    if path is not None:
        write_film(path, turned, seconds=seconds)
    return np.stack(turned)


def _circles(points: Float[Tensor, "n 3"], up: str) -> Float[Tensor, "m 3"]:
    """Points on the rims of a cylinder around all points, whose axis points up through the middle of their box."""
    if not len(points):
        return points
    axis = "xyz".index(up[-1])
    low, high = points.amin(0), points.amax(0)
    aside = points - (low + high) / 2
    aside[:, axis] = 0
    radius = float(aside.norm(dim=1).max())
    angles = torch.arange(_AROUND, dtype=torch.float64) * (math.tau / _AROUND)
    rim = ((low + high) / 2).repeat(_AROUND, 1)
    rim[:, (axis + 1) % 3] += radius * angles.cos()
    rim[:, (axis + 2) % 3] += radius * angles.sin()
    rims = torch.cat([rim, rim])
    rims[:_AROUND, axis], rims[_AROUND:, axis] = low[axis], high[axis]
    return rims

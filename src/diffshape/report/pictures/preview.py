"""One picture of a fit: the surface, and beside it the points it came from, seen by one camera. No OpenGL."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side
from diffshape.data.up import UP, Up
from diffshape.report.pictures.png import write_png
from diffshape.report.pictures.render.camera import box_corners, camera
from diffshape.report.pictures.render.shading import SUPERSAMPLING
from diffshape.report.pictures.render.subject import point_panel, subject_of, surface_panel


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
    ground: bool = True,
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
        ground: Draw the soft shadow on the ground, which is below the box that fills the panel. There is none where
            the camera is not above it.

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
    subject = subject_of(vertices, faces, points, confidence=confidence, colors=colors, function="preview")
    shown = torch.cat([subject.vertices, subject.points]) if bounds is None else box_corners(*bounds)
    view = camera(shown, size * SUPERSAMPLING, azimuth=azimuth, elevation=elevation, up=up)
    panels = [surface_panel(subject, view, ground=ground)]
    if points is not None:
        panels.insert(0, point_panel(subject, view, ground=ground))
    image = np.concatenate(panels, axis=1)
    if path is not None:
        write_png(path, image)
    return image

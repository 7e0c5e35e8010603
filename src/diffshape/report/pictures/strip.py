"""Shapes side by side, seen by one camera at one scale, so that sizes can be compared."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape._bounds import check_whole
from diffshape._typed import shown
from diffshape.data.up import UP, Up
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.preview import preview


@checked
def shape_strip(
    shapes: Sequence[tuple[str, Any]],
    *,
    columns: int | None = None,
    path: str | os.PathLike[str] | None = None,
    size: int = 200,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """A row of surfaces and clouds with captions under them, or several rows.

    Args:
        shapes: (caption, shape) from the left; a shape is a mesh (vertices, faces) or (N, 3) points, in coordinates
            that all of them share.
        columns: Shapes in a row, the last of which may be shorter; all in one if ``None``.
        path: Where to write the strip as PNG; None does not write.
        size: Side of a panel in pixels.
        azimuth, elevation, up: As of ``preview``.

    Raises:
        ValueError: There is no shape, it or its caption cannot be drawn, or ``columns`` is below 1.
        OSError: ``path`` cannot be written.

    >>> triangle = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [[0, 1, 2]]
    >>> shape_strip([("mesh", triangle), ("points", triangle[0])], size=80).shape
    (122, 184, 3)
    """
    for place, each in enumerate(shapes):
        if not (isinstance(each, (tuple, list)) and len(each) == 2 and isinstance(each[0], str)):
            raise ValueError(f"shape_strip: shapes[{place}] must be (caption, shape), got {shown(each)}")
    row = len(shapes) or 1
    if columns is not None:
        check_whole("shape_strip: columns", columns, 1)
        row = columns
    panels = shape_panels(shapes, size=size, azimuth=azimuth, elevation=elevation, up=up)
    return gallery([panels[first : first + row] for first in range(0, len(panels), row)], path=path)


def shape_panels(
    shapes: Sequence[tuple[str, Any]], *, size: int, azimuth: float, elevation: float, up: Up
) -> list[tuple[str, UInt8[np.ndarray, "h w 3"]]]:
    """The captions and pictures of :func:`shape_strip`, as `gallery` takes them."""
    panels = [(text, *shape) if isinstance(shape, tuple) else (text, shape, None) for text, shape in shapes]
    drawn = [torch.as_tensor(points) for _, points, _ in panels if len(points)]
    bounds = None
    if drawn:
        everything = torch.cat([points.double() for points in drawn])
        bounds = everything.amin(0).tolist(), everything.amax(0).tolist()

    def panel(points: Any, faces: Any) -> UInt8[np.ndarray, "h w 3"]:
        mesh, cloud = ((points, faces), None) if faces is not None else (([], []), points)
        picture = preview(*mesh, cloud, size=size, azimuth=azimuth, elevation=elevation, up=up, bounds=bounds)
        return picture[:, :size]  # a cloud is to the left of its surface, of which there is none

    return [(text, panel(points, faces)) for text, points, faces in panels]

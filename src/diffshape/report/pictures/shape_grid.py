"""Shapes in rows, seen by one camera at one scale."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape._bounds import check_whole
from diffshape.data.up import UP, Up
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.strip import shape_panels


@checked
def shape_grid(
    shapes: Sequence[tuple[str, Any]],
    *,
    columns: int = 6,
    path: str | os.PathLike[str] | None = None,
    size: int = 150,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """Surfaces and clouds in rows of ``columns``, with captions under them.

    Args:
        shapes: (caption, shape) as of :func:`shape_strip`, row by row.
        columns: Shapes in a row; the last row may be shorter.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels.
        azimuth, elevation, up: As of ``preview``.

    Raises:
        ValueError: There is no shape, it or its caption cannot be drawn, or a number is out of range.
        OSError: ``path`` cannot be written.

    >>> shape_grid([("", [[0.0, 0.0, 0.0]])] * 3, columns=2, size=80).shape
    (236, 184, 3)
    """
    check_whole("shape_grid: columns", columns, 1)
    panels = shape_panels(shapes, size=size, azimuth=azimuth, elevation=elevation, up=up)
    return gallery([panels[first : first + columns] for first in range(0, len(panels), columns)], path=path)

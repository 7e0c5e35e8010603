"""A picture of a field on a plane, with level lines, and where it stands in the scene."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray

from diffshape.data import Frame
from diffshape.report.pictures.level_sets import with_lines
from diffshape.report.pictures.ticks import round_ticks
from diffshape.report.viewer.plane import Plane

Query = Callable[[NDArray[np.float64]], Any]
"""A function from points (..., 3) to signed distances (...,), both in input coordinates, such as
``FitResult.query``."""
LARGEST = 0.3
"""Distance at the ends of the scale of colours, as a share of the longest side of what is shown."""
_LINES = 21
"""Largest number of level lines."""


class Slice(NamedTuple):
    """A field on a rectangle of a plane."""

    places: Float[np.ndarray, "h w 3"]
    """Middles of the pixels in input coordinates, from the upper left."""
    values: Float[np.ndarray, "h w"]
    """Values of the field there, in input units."""
    picture: UInt8[np.ndarray, "h w 3"]
    """Values as colours, red inside and blue outside, with level lines; that of 0 is thick."""


def slice_of(query: Query, frame: Frame, plane: Plane, box: NDArray[np.float64], pixels: int) -> Slice:
    """The field on the part of a plane that is in a box.

    Args:
        query: The field, in input coordinates.
        frame: From input coordinates to those of the plane and the box.
        plane: The plane.
        box: Lowest and highest corner, (2, 3), in the unit frame.
        pixels: Pixels along the longer side; the field is evaluated once for each.
    """
    right, up = plane.sides
    widths = box[1] - box[0]
    pixel = max(widths[right], widths[up]) / pixels
    columns, rows = (max(2, round(widths[side] / pixel)) for side in (right, up))
    unit = np.empty((rows, columns, 3))
    unit[..., plane.number] = plane.offset
    unit[..., right] = box[0, right] + (np.arange(columns) + 0.5) * (widths[right] / columns)
    unit[..., up] = box[1, up] - (np.arange(rows)[:, None] + 0.5) * (widths[up] / rows)
    places = frame.from_unit(unit)
    values = np.asarray(query(places), np.float64)
    largest, step = levels(frame)
    return Slice(places, values, with_lines(values, largest, step))


def levels(frame: Frame) -> tuple[float, float]:
    """The end of the scale of colours, and the distance between level lines, in input units."""
    largest = LARGEST * frame.scale
    ticks = round_ticks(-largest, largest, most=_LINES)
    return largest, ticks[1] - ticks[0]

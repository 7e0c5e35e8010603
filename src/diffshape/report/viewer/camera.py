"""Where the camera of the viewer stands at first."""

import math

import numpy as np
from numpy.typing import NDArray

from diffshape.data.up import Up
from diffshape.report.viewer.plane import AXES, Axis

FIELD_OF_VIEW = math.radians(32)
"""Angle between the lower and the upper edge of what a browser shows."""
_AZIMUTH, _ELEVATION = math.radians(35), math.radians(20)
"""Place of the camera around and above the axis that points up, that of previews."""
_SHAPE = 1.5
"""Width that a scene takes whose longest side is 1, as it may be seen across its diagonal."""


def first_direction(up: Up) -> NDArray[np.float64]:
    """The unit vector from the middle of a scene to the camera.

    >>> first_direction("z").round(2).tolist(), first_direction("y").round(2).tolist()
    ([0.77, 0.54, 0.34], [0.54, 0.34, 0.77])
    """
    flat = math.cos(_ELEVATION)
    direction = np.array([math.cos(_AZIMUTH) * flat, math.sin(_AZIMUTH) * flat, math.sin(_ELEVATION)])
    direction[2] *= -1 if up.startswith("-") else 1
    return np.roll(direction, {"z": 0, "y": -1, "x": 1}[up[-1]])


def facing_axis(up: Up) -> Axis:
    """The axis that the camera looks along most, across which a plane is seen best.

    >>> facing_axis("z"), facing_axis("y")
    ('x', 'z')
    """
    return AXES[int(np.abs(first_direction(up)).argmax())]


def first_distance(row: float, aspect: float) -> float:
    """Distance from which a row of scenes is seen whole.

    Args:
        row: Distance between the middles of the first and the last scene.
        aspect: Width of what a browser shows, divided by its height.

    >>> round(first_distance(0, 1.6), 2), round(first_distance(0, 0.5), 2)
    (2.62, 5.23)
    """
    return max(_SHAPE, (row + _SHAPE) / aspect) / (2 * math.tan(FIELD_OF_VIEW / 2))

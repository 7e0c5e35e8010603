"""Scenes side by side: a row that turns with the camera, so that all of them are seen from the same side."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

APART = 1.25
"""Distance between the middles of two neighbours, where the longest side of each scene is 1."""


def row_places(count: int, wxyz: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """The middles (count, 3) of scenes in a row from left to right, as a camera sees them.

    Args:
        count: Number of scenes.
        wxyz: Rotation of the camera, a unit quaternion (w, x, y, z); its first axis points right.

    >>> row_places(3, [1, 0, 0, 0]).tolist()
    [[-1.25, 0.0, 0.0], [0.0, 0.0, 0.0], [1.25, 0.0, 0.0]]
    """
    w, x, y, z = (float(each) for each in wxyz)
    right = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)])
    steps = (np.arange(count, dtype=np.float64) - (count - 1) / 2) * APART
    return np.outer(steps, right) + 0.0  # without minus zeros

"""Attributes of vertices or points, numbers beside their coordinates: colours, intensity, labels.

Attributes are a dictionary of arrays with one row a vertex. Colours are ``"colors"``, uint8 of shape (N, 3) or (N, 4);
every other attribute has the name and the type it has in its file, and shape (N,) or (N, k).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import host_array

Attributes = dict[str, NDArray[Any]]
_FULL = 65535
_ROUNDING = 1 + 1e-4
"""Factor by which a colour may exceed the end of its range, for rounding."""


def checked_attributes(attributes: Mapping[str, Any] | None, count: int, *, function: str) -> Attributes:
    """The attributes as NumPy arrays of ``count`` rows.

    Args:
        attributes: Names and arrays, NumPy or torch; or None. Colours become uint8; see :func:`color_bytes`.
        count: Number of vertices.
        function: The calling function, for messages.

    Raises:
        ValueError: An array has another number of rows, more than two dimensions, or no real numbers; or the colours
            are out of range, or have other than three or four channels.

    >>> checked_attributes({"label": [1, 2]}, 2, function="write_mesh")
    {'label': array([1, 2])}
    """
    checked: Attributes = {}
    for name, values in (attributes or {}).items():
        array = host_array(values, name=f"attributes[{name!r}]")
        if array.ndim not in (1, 2) or len(array) != count or array.dtype.kind not in "fiub":
            raise ValueError(
                f"{function}: attributes[{name!r}] must hold real numbers of shape ({count},) or ({count}, k), "
                f"got {array.shape} of {array.dtype}"
            )
        checked[name] = _checked_colors(array, count, function) if name == "colors" else array
    return checked


def _checked_colors(array: NDArray[Any], count: int, function: str) -> NDArray[np.uint8]:
    colors = color_bytes(array) if array.shape in ((count, 3), (count, 4)) else None
    if colors is None:
        raise ValueError(
            f"{function}: attributes['colors'] must have shape ({count}, 3) or ({count}, 4) and numbers from 0 to 1 or "
            f"from 0 to 255, got {array.shape} of {array.dtype}"
        )
    return colors


def color_bytes(colors: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Colours (N, C) as bytes, whatever numbers they were written as; None if these are no colours.

    Fractions count from 0 to 1 if none is above 1. All other numbers count from 0 to 255, or, if one is above 255, from
    0 to 65535. NaN, a colour that was not seen, becomes 0.

    >>> color_bytes(np.array([[0.0, 0.5, 1.0]])), color_bytes(np.array([[65535, 257, 0]]))
    (array([[  0, 128, 255]], dtype=uint8), array([[255,   1,   0]], dtype=uint8))
    """
    if colors.dtype == np.uint8:
        return np.ascontiguousarray(colors)
    with np.errstate(invalid="ignore", over="ignore"):
        numbers = np.asarray(colors, np.float64)
    numbers = np.where(np.isnan(numbers), 0.0, numbers)
    largest = numbers.max(initial=0.0)
    if numbers.min(initial=0.0) < 0 or largest > _FULL * _ROUNDING:
        return None
    if colors.dtype.kind == "f" and largest <= _ROUNDING:
        numbers = 255.0 * numbers
    elif largest > 255 * _ROUNDING:
        numbers = numbers / 257
    return np.floor(numbers.clip(0, 255) + 0.5).astype(np.uint8)

"""Numbers that a vertex or point has beside its place: colours, intensity, labels, whatever a file holds.

They travel as a dictionary of arrays with one row a vertex. Colours are ``"colors"``, uint8 of shape (N, 3) or (N, 4);
every other one has the name and the type it has in its file, and shape (N,) or (N, k).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import host_array

Attributes = dict[str, NDArray[Any]]


def checked_attributes(attributes: Mapping[str, Any] | None, count: int, *, function: str) -> Attributes:
    """The attributes as NumPy arrays of ``count`` rows.

    Args:
        attributes: Names and arrays, NumPy or torch; None is none.
        count: How many vertices there are.
        function: Who asks, for the message.

    Raises:
        ValueError: An array has another number of rows, more than two dimensions, or no real numbers; or the colours
            are not uint8 of three or four channels.

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
        if name == "colors" and (array.dtype != np.uint8 or array.shape not in ((count, 3), (count, 4))):
            raise ValueError(
                f"{function}: attributes['colors'] must be uint8 of shape ({count}, 3) or ({count}, 4), "
                f"got {array.shape} of {array.dtype}"
            )
        checked[name] = array
    return checked


def color_bytes(values: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Colours (N, C) as uint8, whatever they were written as; None if they are no colours.

    Integers of one or two bytes keep their share of the full range. Other numbers count from 0 to 1 if none is above
    1, else from 0 to 255.

    >>> color_bytes(np.array([[0.0, 0.5, 1.0]])), color_bytes(np.array([[0, 65535, 257]], np.uint16))
    (array([[  0, 128, 255]], dtype=uint8), array([[  0, 255,   1]], dtype=uint8))
    """
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype == np.uint16:
        return np.rint(values / 257).astype(np.uint8)
    if not len(values) or not (values.min() >= 0 and values.max() <= 255):
        return None
    return np.rint(values if values.max() > 1 else 255.0 * values).astype(np.uint8)

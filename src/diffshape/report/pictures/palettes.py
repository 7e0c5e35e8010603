"""Numbers as colours, and the bar that says which colour is which number."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from diffshape.report.pictures.lettering import fitted, stamp
from diffshape.report.pictures.ticks import round_ticks, tick_text

Palette: TypeAlias = Literal["viridis", "red-blue", "yellow-red"]
"""Name of a scale of colours: viridis, dark to light; red-blue, white in the middle; yellow-red, pale to dark red."""
_STOPS: dict[Palette, Sequence[str]] = {
    "viridis": ("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"),
    "red-blue": ("b2182b", "d6604d", "f4a582", "fddbc7", "f7f7f7", "d1e5f0", "92c5de", "4393c3", "2166ac"),
    "yellow-red": ("fff7dc", "ffeda0", "fed976", "feb24c", "fd8d3c", "fc4e2a", "e31a1c", "bd0026", "800026"),
}
"""sRGB colours at equal distances along each scale; those between are mixed linearly."""
UNKNOWN = (160, 160, 160)
"""Colour of a number that is NaN."""
BAR_WIDTH = 104
"""Width of a colour bar with its numbers, in pixels."""


def painted(values: NDArray[np.floating], low: float, high: float, palette: Palette) -> UInt8[np.ndarray, "*n 3"]:
    """Colours (..., 3), sRGB, of numbers (...,) on a scale from ``low`` to ``high``, beyond which it does not change.

    >>> painted(np.array([0.0, 1.0, 7.0]), 0, 1, "viridis").tolist()
    [[68, 1, 84], [253, 231, 37], [253, 231, 37]]
    """
    stops = np.array([list(bytes.fromhex(stop)) for stop in _STOPS[palette]], np.float64)
    places = np.clip((np.nan_to_num(values) - low) / ((high - low) or 1.0), 0, 1) * (len(stops) - 1)
    first = np.minimum(places.astype(int), len(stops) - 2)
    share = (places - first)[..., None]
    colors = (stops[first] * (1 - share) + stops[first + 1] * share).round().astype(np.uint8)
    return np.where(np.isnan(values)[..., None], np.array(UNKNOWN, np.uint8), colors)


def color_bar(low: float, high: float, palette: Palette, *, height: int, title: str = "") -> UInt8[np.ndarray, "h w 3"]:
    """A scale of colours with numbers beside it, on paper; ``title`` stands above. At least 80 pixels high.

    >>> color_bar(0, 1, "viridis", height=120).shape
    (120, 104, 3)
    """
    image = np.full((height, BAR_WIDTH, 3), 255, np.uint8)
    top, bottom = 34, height - 20
    numbers = np.linspace(high, low, bottom - top)
    image[top:bottom, 8:26] = painted(numbers, low, high, palette)[:, None]
    stamp(image, fitted(title, BAR_WIDTH - 8), row=14, column=8, anchor="left")
    for number in round_ticks(low, high, most=max(2, (bottom - top) // 34)):
        row = round(bottom - (number - low) / (high - low) * (bottom - top))
        image[min(row, bottom - 1), 26:31] = 48
        stamp(image, tick_text(number), row=row, column=35, anchor="left")
    return image


def quantity(name: str, unit: str) -> str:
    """The title of a colour bar: what it shows, and in which unit if that is known.

    >>> quantity("error", "mm"), quantity("error", "")
    ('error (mm)', 'error')
    """
    return f"{name} ({unit})" if unit else name

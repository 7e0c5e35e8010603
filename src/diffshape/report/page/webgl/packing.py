"""Arrays of a scene in one string: coordinates of 16 bits, differences of neighbours, deflated, in base64."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.report.scene.layers import Coloring

LEVELS = 2**16 - 1
"""Largest number that a coordinate is stored as."""
UNKNOWN = 255
"""Byte of a number that is NaN; all others are from 0 to 254, the two ends of the scale."""


class Packing:
    """Arrays laid one after another; each ``add`` returns where its array begins and how many numbers it has."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add_coordinates(self, places: NDArray[np.floating]) -> dict[str, Any]:
        """Coordinates (N, 3) as shares of the side of their box: low + step * number, off by half a step at most."""
        low = places.min(axis=0) if len(places) else np.zeros(3)
        side = float((places - low).max(initial=0.0)) or 1.0
        step = side / LEVELS
        numbers = np.rint((places - low) / step).astype(np.uint16)
        return {"low": low.tolist(), "step": step, **self._add(_coded(numbers.T.reshape(-1)), numbers.size)}

    def add_faces(self, faces: NDArray[np.integer]) -> dict[str, Any]:
        """Indices (F, 3)."""
        return self._add(_coded(faces.astype(np.uint32).reshape(-1)), faces.size)

    def add_colors(self, colors: NDArray[np.uint8]) -> dict[str, Any]:
        """Colours (N, 3)."""
        return self._add(np.ascontiguousarray(colors, np.uint8).tobytes(), colors.size)

    def add_coloring(self, coloring: Coloring) -> dict[str, Any]:
        """Numbers as places on their scale, a byte each."""
        share = (np.asarray(coloring.values, np.float64) - coloring.low) / (coloring.high - coloring.low)
        known = np.isfinite(share)
        numbers = np.where(known, np.rint(np.clip(np.where(known, share, 0), 0, 1) * (UNKNOWN - 1)), UNKNOWN)
        scale = {"low": coloring.low, "high": coloring.high, "unit": coloring.unit, "palette": coloring.palette}
        return scale | self._add(numbers.astype(np.uint8).tobytes(), numbers.size)

    def text(self) -> str:
        """All arrays, deflated (zlib), in base64."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), 6)).decode()

    def _add(self, content: bytes, count: int) -> dict[str, int]:
        place = {"at": self._size, "count": count}
        self._parts.append(content)
        self._size += len(content)
        return place


def _coded(numbers: NDArray[np.unsignedinteger]) -> bytes:
    """Differences of neighbours, small ones near 0 whatever their sign, all their first bytes before all second ones.

    A difference d becomes 2 d or, if it is negative, -2 d - 1; modulo 2^16 or 2^32.
    """
    width = numbers.itemsize
    differences = np.diff(numbers, prepend=numbers.dtype.type(0)).view(f"i{width}")
    folded = (differences << 1) ^ (differences >> (8 * width - 1))
    return folded.astype(f"<i{width}").view(np.uint8).reshape(-1, width).T.tobytes()

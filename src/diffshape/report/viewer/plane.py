"""A plane across an axis, in the unit frame of what is shown: where a field is drawn, and where surfaces are cut."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diffshape.data import Frame

Axis = Literal["x", "y", "z"]
AXES: tuple[Axis, ...] = ("x", "y", "z")


@dataclass(frozen=True)
class Plane:
    """The points of which one coordinate is ``offset``."""

    axis: Axis = "y"
    """Axis that the plane is across."""
    offset: float = 0.0
    """Coordinate of the plane on that axis, in the unit frame, whose origin is the middle of what is shown."""

    @property
    def number(self) -> int:
        """Number of the axis: 0, 1 or 2."""
        return AXES.index(self.axis)

    @property
    def sides(self) -> tuple[int, int]:
        """Numbers of the axes that point right and up in a picture of the plane."""
        first, second = (number for number in range(3) if number != self.number)
        return first, second

    def beyond(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Signed distance (N,) of places (N, 3) from the plane, in the unit frame; positive on the far side."""
        return places[:, self.number] - self.offset

    def coordinate(self, frame: Frame) -> float:
        """Place of the plane on its axis in input coordinates."""
        return frame.center[self.number] + self.offset * frame.scale

"""Where a picture is seen from: parallel projection along any direction, with the axis that points up in the middle."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

FILLED = 0.9
"""Share of the side of a picture that is filled."""


class Camera(NamedTuple):
    """World to picture coordinates: pixels to the right, down, and away from the eye, of a square picture."""

    axes: Float[Tensor, "3 3"]
    """Directions right, down and away from the eye, in rows."""
    scale: float
    """Pixels a unit."""
    shift: Float[Tensor, "3"]
    pixels: int
    """Side of the picture."""
    elevation: float
    """Angle of the eye above the ground, in radians."""
    ground: float
    """Height of the lowest place that is shown, in pixels along ``up``."""
    depths: tuple[float, float]
    """Depth of the nearest and of the farthest place that is shown."""

    def place(self, points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Points in picture coordinates, float32."""
        return (points @ self.axes.T * self.scale + self.shift).float()

    @property
    def up(self) -> tuple[float, float, float]:
        """The direction that points up, in picture coordinates."""
        return 0.0, -math.cos(self.elevation), -math.sin(self.elevation)

    @property
    def along(self) -> tuple[float, float, float]:
        """The direction on the ground that leads away from the eye, in picture coordinates."""
        return 0.0, -math.sin(self.elevation), math.cos(self.elevation)


def camera(shown: Float[Tensor, "n 3"], pixels: int, *, azimuth: float, elevation: float, up: str) -> Camera:
    """The camera in whose picture the box around points fills nine tenths.

    Args:
        shown: Points in world coordinates, float64, shape (N, 3); without one the scale is 1.
        pixels: Side of the picture.
        azimuth, elevation: Where the eye is, in degrees, around and above the axis ``up``.
        up: The axis that points up: "x", "y", "z", or "-x", "-y", "-z".
    """
    axes, angle = _axes(azimuth, elevation, up), math.radians(elevation)
    if not len(shown):
        return Camera(axes, 1.0, torch.zeros(3, dtype=torch.float64), pixels, angle, 0.0, (0.0, 0.0))
    turned = shown @ axes.T
    low, high = turned.amin(0), turned.amax(0)
    sides = high - low
    side = max(float(sides[:2].max()), float(sides.max()) / 100)  # 0 for one place alone
    scale = FILLED * pixels / side if side else 1.0
    shift = torch.tensor([pixels / 2, pixels / 2, 0.0]) - (low + high) / 2 * scale
    placed = turned * scale + shift
    depths = float(placed[:, 2].amin()), float(placed[:, 2].amax())
    framed = Camera(axes, scale, shift, pixels, angle, 0.0, depths)
    return framed._replace(ground=float((placed @ torch.tensor(framed.up, dtype=torch.float64)).amin()))


def box_corners(low: Sequence[float], high: Sequence[float]) -> Float[Tensor, "8 3"]:
    """The corners of a box of which two are given."""
    sides = list(zip(low, high))
    if len(sides) != 3 or not all(-math.inf < first <= last < math.inf for first, last in sides):
        raise ValueError(f"preview: bounds must be two finite corners (x, y, z), low <= high, got {low} and {high}")
    return torch.cartesian_prod(*torch.tensor(sides, dtype=torch.float64))


def _axes(azimuth: float, elevation: float, up: str) -> Float[Tensor, "3 3"]:
    """Camera axes in world coordinates, in rows: right, down and away from the eye."""
    around, above = math.radians(azimuth), math.radians(elevation)
    right = (math.cos(around), 0.0, -math.sin(around))
    away = (-math.sin(around) * math.cos(above), -math.sin(above), -math.cos(around) * math.cos(above))
    down = (-math.sin(around) * math.sin(above), math.cos(above), -math.cos(around) * math.sin(above))
    rows = torch.tensor([right, [-entry for entry in down], away], dtype=torch.float64)  # for y up
    if up.startswith("-"):
        rows = rows * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)  # half a turn about x: nothing is mirrored
    return rows.roll({"y": 0, "z": 1, "x": -1}[up[-1]], dims=1)

"""Settings of the preparation of scans. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1, or in point spacings, where it says so.
"""

from dataclasses import dataclass, field

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class OrientationConfig:
    """How unoriented points find their outside."""

    directions: int = 64
    """Directions from which points are looked at."""
    cell: float = 2.0
    """Width of a cell of the depth pictures, in point spacings."""
    slack: float = 2.5
    """How far behind the nearest point of its cells a point still counts as seen, in cells."""
    rounds: int = 6
    """Rounds of making the normals agree with the indicator they define."""
    smoothing: tuple[float, float] = (0.016, 0.01)
    """Blur of the indicator in the first and the last round."""
    resolution: int = 96
    """Nodes an axis of the indicator's grid."""
    side: float = 2.0
    """Side of the indicator's cube; the shape has side 1."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.directions < 1 or self.rounds < 0 or self.resolution < 4:
            raise ValueError(f"OrientationConfig: need directions >= 1, rounds >= 0, resolution >= 4: {self}")
        if min(self.cell, self.slack, *self.smoothing) <= 0 or self.side < 1:
            raise ValueError(f"OrientationConfig: need cell, slack and smoothing > 0 and side >= 1: {self}")


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """How a raw scan becomes clean oriented points."""

    orientation: OrientationConfig = field(default_factory=OrientationConfig)
    """How the points find their outside."""
    sizes: tuple[int, ...] = (10, 16, 24, 36, 54, 80, 120, 180, 256)
    """Neighbourhood sizes tried for a noisy point."""
    first_size: int = 54
    """Neighbourhood of every noisy point in the round before the adaptive ones."""
    clean_size: int = 16
    """Neighbourhood from which a point of a clean scan gets its normal."""
    rounds: int = 3
    """Adaptive rounds, each starting from the surface of the one before."""
    confidence: float = 1.6
    """How much the fits of growing neighbourhoods may differ, in standard errors: larger is smoother."""
    agreement: tuple[float, float] = (0.7, 0.8)
    """Least cosine between the normals of neighbours that are averaged, in the first round and later."""
    clean_below: float = 0.15
    """Points stay where they are if the noise is below this many point spacings."""
    isolation: tuple[float, float] = (6.0, 2.5)
    """A point is dropped if its 8th neighbour is so many times farther than for most points, or for its neighbours."""
    stray: float = 5.0
    """A point is dropped if it lies this many times the noise, and a point spacing, off the surface of the others."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.sizes or min(*self.sizes, self.first_size, self.clean_size, self.rounds) < 1:
            raise ValueError(f"ScanConfig: need sizes and rounds >= 1: {self}")
        if not all(-1 <= cosine < 1 for cosine in self.agreement):
            raise ValueError(f"ScanConfig: agreement must be two cosines in [-1, 1), got {self.agreement}")
        if not (min(self.confidence, self.clean_below) >= 0 and min(self.isolation) > 1 and self.stray > 0):
            raise ValueError(f"ScanConfig: need confidence, clean_below >= 0, isolation > 1 and stray > 0: {self}")

"""Settings of the preparation of scans. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1, or in point spacings, where it says so.
"""

from dataclasses import dataclass, field

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class OrientationConfig:
    """Orientation of points: on which side of the surface the outside is."""

    directions: int = 64
    """Number of directions from which the points are looked at."""
    cell: float = 2.0
    """Width of a cell of the depth images that show which points are visible, in point spacings."""
    slack: float = 2.5
    """Distance behind the nearest point of a depth image up to which a point counts as visible, in cells."""
    rounds: int = 6
    """Number of rounds that make the normals agree with the indicator function that they define."""
    smoothing: tuple[float, float] = (0.016, 0.01)
    """Blur of the indicator function in the first and in the last round, as shares of the longest side of the shape."""
    resolution: int = 96
    """Nodes per axis of the grid of the indicator function."""
    side: float = 2.0
    """Side of the cube of the indicator function, in longest sides of the shape."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.directions < 1 or self.rounds < 0 or self.resolution < 4:
            raise ValueError(f"OrientationConfig: need directions >= 1, rounds >= 0, resolution >= 4: {self}")
        if min(self.cell, self.slack, *self.smoothing) <= 0 or self.side < 1:
            raise ValueError(f"OrientationConfig: need cell, slack and smoothing > 0 and side >= 1: {self}")


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """Preparation of a raw scan: clean points with normals that point outside."""

    orientation: OrientationConfig = field(default_factory=OrientationConfig)
    """Settings of the orientation of the points."""
    sizes: tuple[int, ...] = (10, 16, 24, 36, 54, 80, 120, 180, 256)
    """Numbers of neighbours that are tried for each point of a noisy scan."""
    first_size: int = 54
    """Number of neighbours of every point of a noisy scan in the round before the adaptive rounds."""
    clean_size: int = 16
    """Number of neighbours from which a point of a clean scan gets its normal."""
    rounds: int = 3
    """Number of adaptive smoothing rounds, each of which starts from the surface of the round before."""
    confidence: float = 1.6
    """Largest difference between the fits of growing neighbourhoods, in standard errors; larger is smoother."""
    agreement: tuple[float, float] = (0.7, 0.8)
    """Least cosine between the normals of neighbours that are averaged, in the first round and later."""
    clean_below: float = 0.15
    """Noise, in point spacings, below which the points of a scan stay where they are."""
    isolation: tuple[float, float] = (6.0, 2.5)
    """Limits beyond which a point is dropped as isolated: how many times farther its 8th neighbour is than that of most
    points, and than those of its neighbours."""
    stray: float = 5.0
    """Distance off the surface of the other points, in multiples of the noise, beyond which a point is dropped as
    stray; a point within one point spacing is kept."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not self.sizes or min(*self.sizes, self.first_size, self.clean_size, self.rounds) < 1:
            raise ValueError(f"ScanConfig: need sizes and rounds >= 1: {self}")
        if not all(-1 <= cosine < 1 for cosine in self.agreement):
            raise ValueError(f"ScanConfig: agreement must be two cosines in [-1, 1), got {self.agreement}")
        if not (min(self.confidence, self.clean_below) >= 0 and min(self.isolation) > 1 and self.stray > 0):
            raise ValueError(f"ScanConfig: need confidence, clean_below >= 0, isolation > 1 and stray > 0: {self}")

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
    curvature_size: int = 16
    """Number of neighbours from which the curvature at a clean point is told."""
    agreement: float = 0.8
    """Least cosine between the normals of neighbours that tell a curvature together."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.curvature_size < 1 or not -1 <= self.agreement < 1:
            raise ValueError(f"ScanConfig: need curvature_size >= 1 and agreement in [-1, 1): {self}")

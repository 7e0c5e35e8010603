"""Settings of the preparation of scans. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1, or in point spacings, where it says so.
"""

from dataclasses import dataclass, field

from diffshape._typed import check_settings


@dataclass(frozen=True, kw_only=True)
class OrientationConfig:
    """Orientation of points: on which side of the surface the outside is."""

    directions: int = 64
    """Number of directions from which the points are looked at for a first guess; 0 for no guess."""
    rounds: int = 10
    """Number of rounds that make the normals agree with the winding number that they define."""
    widths: tuple[float, float] = (1.5, 0.75)
    """Smoothing of the winding number in the first and in the last round, in point spacings."""
    wide: tuple[float, float] = (6.0, 2.0)
    """Widths for a scan of several layers, as views make that do not meet: narrow ones take layers for thin walls."""

    def __post_init__(self) -> None:
        check_settings(self)
        if self.directions < 0 or self.rounds < 0 or min(*self.widths, *self.wide) <= 0:
            raise ValueError(f"OrientationConfig: need directions and rounds >= 0 and widths > 0: {self}")


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

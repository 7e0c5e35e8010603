"""Settings of the preparation of scans. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1, or in point spacings, where it says so.
"""

from dataclasses import dataclass, field

from diffshape._bounds import check_finite
from diffshape._typed import check_settings
from diffshape.fitting.scans.prior.config import PriorConfig


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

    passes: int = PriorConfig.passes
    """Number of passes of the scan prior over the points, 0 to 4: 2 take half the time and leave edges less sharp; 0
    leaves the points where they are, with normals of planes through their neighbours."""
    orientation: OrientationConfig = field(default_factory=OrientationConfig)
    """Settings of the orientation of the points."""
    curvature_size: int = 16
    """Number of neighbours from which the curvature at a clean point is told."""
    agreement: float = 0.8
    """Least cosine between the normals of neighbours that tell a curvature together."""

    cell: float = 0.6
    """Width of the cells of a distance grid that is matched to the prepared scan, in spacings of its points; up to 0.2
    are added where points err."""

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 <= self.passes <= PriorConfig.passes:
            raise ValueError(f"ScanConfig: passes must be 0 to {PriorConfig.passes}, got {self.passes}")
        if self.curvature_size < 1 or not -1 <= self.agreement < 1 or not self.cell > 0:
            raise ValueError(f"ScanConfig: need curvature_size >= 1, agreement in [-1, 1) and cell > 0: {self}")
        check_finite(self)

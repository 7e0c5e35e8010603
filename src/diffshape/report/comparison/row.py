"""One fit of a comparison: which scan, which method, and what came of it."""

from dataclasses import dataclass

from diffshape._reprs import one_line
from diffshape._scores import plain_values


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """A fit of one scan by one method. Lengths are shares of the truth's longest side; what is not known is ``None``.

    >>> row = ComparisonRow(scan="ball", method="igr", error="the fit has no surface")
    >>> row.failed, row.chamfer
    (True, None)
    """

    scan: str
    """Name of the scan."""
    method: str
    """Name of the method."""
    noise: float | None = None
    """Noise of the scan, as a share of its longest side: what was added, or what its file name says."""
    folder: str = ""
    """Run folder of the fit."""
    truth: str | None = None
    """File of the true surface."""
    error: str | None = None
    """Sentence on why the fit failed; None: it has a surface."""
    steps: int | None = None
    """Optimiser steps."""
    seconds: float | None = None
    """Seconds of optimisation."""
    faces: int | None = None
    """Triangles of the surface."""
    bodies: int | None = None
    """Connected components of the surface."""
    watertight: bool | None = None
    """Whether every edge of the surface has two faces."""
    spurious_share: float | None = None
    """Share of the area farther than 5 spacings of the scan from all its points (``metrics.spurious_share``)."""
    chamfer: float | None = None
    """Mean of the mean distances in both directions, from points to triangles, as ``metrics.compare_surfaces`` has it:
    0 for the truth itself."""
    hausdorff: float | None = None
    """Largest distance found in either direction."""
    normal_deg: float | None = None
    """Mean angle between the normals of matched points, in degrees, their signs ignored."""
    f_score: float | None = None
    """Harmonic mean of precision and recall at 0.01, 0 to 1."""
    sampled_chamfer: float | None = None
    """Mean distance from samples to samples, as ``metrics.compare_as_published`` has it."""
    sampled_chamfer_squared: float | None = None
    """Mean squared distance from samples to samples."""
    sampled_normal_deg: float | None = None
    """Mean angle between the normals of nearest samples, in degrees."""
    offset_chamfer: float | None = None
    """Mean distance from samples to samples, if the surface is moved as the official mesher moves it."""
    offset_chamfer_squared: float | None = None
    """Mean squared distance from samples to samples, with the offset of the official mesher."""
    offset_normal_deg: float | None = None
    """Mean angle between the normals of nearest samples, with the offset of the official mesher."""
    floor_chamfer: float | None = None
    """Mean distance between two samples of the truth: what a perfect surface has as its sampled distance."""
    floor_chamfer_squared: float | None = None
    """Mean squared distance between two samples of the truth."""
    floor_normal_deg: float | None = None
    """Mean angle between the normals of two samples of the truth, in degrees."""

    __repr__ = one_line
    to_dict = plain_values

    @property
    def failed(self) -> bool:
        """Whether there is no surface."""
        return self.error is not None

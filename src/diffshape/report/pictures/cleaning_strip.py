"""A scan before and after it was cleaned, side by side."""

import os
from typing import Any

import numpy as np
from jaxtyping import UInt8

from diffshape._arguments import checked
from diffshape.data.arrays import host_array, real_array, real_rows
from diffshape.data.up import UP, Up
from diffshape.fitting.clean_scan import CleanScan
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.preview import preview
from diffshape.report.pictures.surfels import surfels

SHOWN = 100_000
"""Number of points that are drawn of a larger scan: one in so many, in the order of the scan."""

MARGIN = 0.1
"""Distance from the box of the cleaned points, in its longest sides, up to which points of the scan are drawn."""


@checked
def cleaning_strip(
    points: Any,
    cleaned: CleanScan,
    *,
    path: str | os.PathLike[str] | None = None,
    size: int = 480,
    azimuth: float = 35.0,
    elevation: float = 20.0,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """The points of a scan, and beside them the cleaned ones, each as a small piece of surface across its normal.

    Outliers are in the first picture only, as far as they lie near the box of the other points. Where a normal of the
    second points away from the eye, it is red.

    Args:
        points: (N, 3), the scan, NumPy or torch; rows that are not finite are left out.
        cleaned: What ``fitting.clean_scan`` made of it.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels, at least 120.
        azimuth, elevation, up: As of ``preview``.

    Raises:
        ValueError: ``points`` are not as many as were cleaned, or an option is out of range.
        OSError: ``path`` cannot be written.

    >>> from diffshape.fitting import clean_scan
    >>> scan = np.random.default_rng(0).normal(size=(50, 3))
    >>> cleaning_strip(scan, clean_scan(scan), size=120).shape
    (162, 264, 3)
    """
    scan = host_array(points, name="cleaning_strip: points")
    if scan.shape != (len(cleaned), 3):
        raise ValueError(f"cleaning_strip: points must be the ({len(cleaned)}, 3) that were cleaned, got {scan.shape}")
    rows = slice(None, None, -(-len(scan) // SHOWN) or 1)
    before = real_rows(scan[rows], name="cleaning_strip: points")
    before = before[np.isfinite(before).all(axis=1)]
    after, normals, outliers = (
        real_array(each[rows], name="cleaning_strip: cleaned")
        for each in (cleaned.points, cleaned.normals, cleaned.outliers)
    )
    shown = (outliers == 0) & (normals != 0).any(axis=1)
    pieces = surfels(after[shown], normals[shown], 2 * cleaned.spacing * rows.step**0.5)
    framed = after[shown] if shown.any() else before
    low, high = framed.min(axis=0), framed.max(axis=0)
    margin = MARGIN * (high - low).max()
    before = before[((before >= low - margin) & (before <= high + margin)).all(axis=1)]
    view: Any = {
        "bounds": (low.tolist(), high.tolist()),
        "size": size,
        "azimuth": azimuth,
        "elevation": elevation,
        "up": up,
    }
    panels = [("as scanned", preview([], [], before, **view)[:, :size]), ("cleaned", preview(*pieces, **view))]
    return gallery([panels], path=path)

"""From a noisy scan to points on the surface that was scanned, with normals and the error that is left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number
from diffshape._reprs import shortly
from diffshape.data import Frame, as_points, clean_points
from diffshape.data.arrays import usable_rows
from diffshape.data.coincident import distinct_rows
from diffshape.data.points import dimensions
from diffshape.fitting.scans.orientation import trust_in
from diffshape.fitting.scans.prior.clean import cleaned
from diffshape.fitting.scans.prior.noise import shuffled
from diffshape.fitting.scans.prior.scan_prior import read_prior, shipped_prior
from diffshape.ops.orientation.orient_points import orient_points
from diffshape.training.device import chosen_device

ORIENTED_POINTS = 100_000
"""Number of points from which the sides of a larger scan are told, drawn at random."""

WITHIN = 1.0
"""Largest coordinate in the unit frame, where the surface ends at 0.5, of a point that helps to tell the sides."""

FARTHEST = 1e6
"""Largest coordinate in the unit frame: outliers beyond it count as there, so that squares are finite in single
precision."""

BLOCK = 1 << 18
"""Number of points that are scaled, or turned outward, at a time, which bounds their memory."""


@dataclass(frozen=True, eq=False, repr=False)
class CleanScan:
    """Points of a scan on the surface that was scanned, row for row as they were given.

    Arrays are of the kind (NumPy or torch), the float type and on the device of the points that were given; those of a
    path, a list or integers are float64. Lengths are in the unit of the points.

    A row that was not finite stays as it is, an outlier with the normal 0 and an infinite error.
    """

    points: Any
    """Cleaned points, (N, 3); outliers, and all points of a scan without noise, are where they were."""
    normals: Any
    """Unit normals of the surface, (N, 3); 0 for outliers, which have none."""
    confidence: Any
    """Confidence in each cleaned point, (N,), higher is better: 1 / (1 + error / spacing), so 1 for a point without
    error and 1/2 where the error is as large as the distance to the next point; 0 for outliers."""
    error: Any
    """Expected distance of each cleaned point to the surface, (N,)."""
    noise: float
    """Standard deviation of the scan along its normals: the median over its points of what was estimated around each,
    or the number that was given."""
    spacing: float
    """Typical distance between neighbouring cleaned points: the side of the square that each of them stands for."""
    outliers: Any
    """Points that belong to no surface, (N,) booleans; they are marked, neither moved nor left out."""
    oriented: bool
    """Whether the normals point outside; False where no inside could be told from the points: then neighbouring normals
    agree on a side, which may be either."""

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        count = int(self.outliers.sum())
        outliers = f"{count:,} outlier{'s' * (count != 1)}"
        normals = "normals point outside" if self.oriented else "sides of normals unknown"
        return f"CleanScan({len(self):,} points, noise {shortly(self.noise)}, {outliers}, {normals})"


@torch.no_grad()
@checked
def clean_scan(
    points: Any,
    *,
    noise: float | None = None,
    prior: str | Path | None = None,
    device: torch.device | str = "auto",
) -> CleanScan:
    """Move the points of a scan to the surface that was scanned, and tell its normals.

    Noise is estimated from the scan itself and taken out; a scan without noise stays where it is. Points that belong to
    no surface are marked as outliers. Nothing is dropped, joined or put into another order: row i of the result is
    row i of the scan, and rows that repeat a point get one answer.

    Args:
        points: (N, 3) array, NumPy or torch, in any unit and place, at least 4 different points; or the path of a file,
            a ``PointCloud``, or a mesh to draw from (see ``diffshape.data.as_points``).
        noise: Standard deviation of the points along the normals of the surface, in the unit of the points, from 0 to
            the longest side; estimated from the points if ``None``. 0 moves no point, and still gives normals and
            outliers.
        prior: Folder of a training by ``train_scan_prior``, or its file of weights, in place of the prior that comes
            with the package.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.

    Returns:
        See :class:`CleanScan`: points, unit normals, confidence, expected error, noise, spacing, outliers.

    Raises:
        ValueError: The points are too few, all in one place or on one line, or not (N, 3); the noise is negative or
            longer than the scan; ``prior`` holds no weights of a prior; or the device is not here.
        OSError: ``points`` or ``prior`` is a path that cannot be read.

    Deterministic: the same points give the same bits with any number of threads, and, up to 100,000 of them, in any
    order; of more, 100,000 tell on which side the outside is. Computed in single precision, in a frame where the
    longest side is 1. No gradient flows. `fit_points` cleans its scan by itself.

    >>> directions = np.random.default_rng(0).normal(size=(2000, 3))
    >>> ball = 50 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    >>> scan = clean_scan(ball + np.random.default_rng(1).normal(size=ball.shape))
    >>> 0.8 < scan.noise < 1.2, bool(abs(np.linalg.norm(scan.points, axis=1) - 50).mean() < 0.5)
    (True, True)
    """
    name = "clean_scan: points"
    if noise is not None:
        check_number("clean_scan: noise", noise, 0)
    chosen = chosen_device(device, argument="clean_scan: device")
    rows = as_points(points, name=name).points
    usable = usable_rows(rows)
    frame = Frame.of(clean_points(rows, name=name).points)
    if noise is not None and noise > frame.scale:
        raise ValueError(
            f"clean_scan: noise must be at most the longest side of the scan, {frame.scale:.4g}, got {noise}"
        )
    unit = _unit_rows(rows, usable, frame)
    if dimensions(unit[(np.abs(unit) <= 1).all(axis=1)].astype(np.float64)) < 2:
        raise ValueError(f"all points of {name} lie on one line; there is no surface to move them to")
    first, place = distinct_rows(unit)
    unit, place = torch.from_numpy(unit[first]), place.astype(np.int32)
    del first  # memory of 10 million points matters from here on
    held = points if isinstance(points, (np.ndarray, Tensor)) else rows
    del rows  # of an array they can be had again
    given = None if noise is None else float(noise) / frame.scale
    learnt = shipped_prior(chosen) if prior is None else read_prior(prior).to(chosen)
    found = cleaned(learnt, unit.to(chosen), given)
    surface, normals, error, around, outliers = (each.cpu() for each in found)
    oriented, spacing = _turn_outward(surface, normals, outliers)

    def each_row(values: Tensor, otherwise: float | bool) -> NDArray[Any]:
        """Values of distinct points for every row; ``otherwise`` where a row is not finite."""
        full = np.full((len(usable), *values.shape[1:]), otherwise, bool if values.dtype == torch.bool else np.float64)
        full[usable] = values.numpy()[place]
        return full

    moved = each_row(surface - unit, 0)  # exactly 0 where a point stays
    del found, surface, unit
    moved *= frame.scale
    moved += as_points(held, name=name).points
    confidence = torch.where(outliers, 0, 1 / (1 + error / spacing))
    typical = float(around[~outliers].median()) * frame.scale if not outliers.all() else 0.0
    return CleanScan(
        points=_as_given(moved, points),
        normals=_as_given(each_row(normals, 0), points),
        confidence=_as_given(each_row(confidence, 0), points),
        error=_as_given(frame.scale * each_row(error, np.inf), points),
        noise=typical if noise is None else float(noise),
        spacing=spacing * frame.scale,
        outliers=_as_given(each_row(outliers, True), points),
        oriented=oriented,
    )


def _unit_rows(rows: NDArray[np.float64], usable: NDArray[np.bool_], frame: Frame) -> NDArray[np.float32]:
    """The usable rows in the unit frame, where single precision is 3e-8 of the longest side."""
    unit = np.empty((int(usable.sum()), 3), np.float32)
    places = usable.nonzero()[0]
    for start in range(0, len(unit), BLOCK):
        block = frame.to_unit(rows[places[start : start + BLOCK]])
        unit[start : start + BLOCK] = block.clip(-FARTHEST, FARTHEST)
    return unit


def _turn_outward(
    points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"], outliers: Bool[Tensor, "n"]
) -> tuple[bool, float]:
    """Turn the normals to one side, in place; those of outliers become 0.

    As many points as `ORIENTED_POINTS` tell the sides.

    Returns:
        Whether that side is known to be the outside, and the typical distance between neighbours.
    """
    normals[outliers] = 0
    places = (~outliers & (points.abs().amax(dim=1) <= WITHIN)).nonzero()[:, 0]
    if len(places) < 2:
        return False, 0.0
    drawn = places[shuffled(len(places), places.device)[:ORIENTED_POINTS]]
    sample = points[drawn].double()
    oriented = orient_points(sample, normals=normals[drawn])
    winding = oriented.winding(sample)
    for block, turned in zip(points.split(BLOCK), normals.split(BLOCK)):
        inward = (winding.gradient(block) * turned).sum(dim=1) > 0
        turned[inward] *= -1
    trust = trust_in(oriented, winding.volume)
    return trust.reliable, oriented.spacing * (len(sample) / len(places)) ** 0.5


def _as_given(values: NDArray[Any], points: Any) -> Any:
    """An array of the kind, the float type and on the device of the points that were given; booleans stay so."""
    if isinstance(points, Tensor):
        dtype = points.dtype if points.is_floating_point() else torch.get_default_dtype()
        return torch.from_numpy(values).to(points.device, torch.bool if values.dtype == bool else dtype)
    if values.dtype == bool or not isinstance(points, np.ndarray) or points.dtype.kind != "f":
        return values
    return values.astype(points.dtype, copy=False)

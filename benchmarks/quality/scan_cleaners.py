"""Ways to clean a scan, each in a few lines around what is called; those with settings give a result for each.

A setting that is chosen with the truth known, by the errors themselves, is a bound on what a user gets from a method,
not what a user gets.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.earlier_preparation import prepare_as_before
from diffshape import fitting, ops

Points = NDArray[np.float64]
JET_SIZES = (12, 16, 24, 36, 54, 80, 120, 180, 256)
"""Neighbours of a fixed-size jet."""
WLOP_RADII = (4.0, 5.5)
"""Radii of WLOP in mean distances from a point to the nearest other one."""
BLOCK = 50_000
ANY = -2.0
"""Agreement of normals below every cosine."""


class Cleaned(NamedTuple):
    """Points of a scan after cleaning."""

    points: Points
    """Cleaned points, shape (M, 3), without those that were marked as outliers."""
    normals: Points | None
    """Unit normals of either sign."""
    kept: NDArray[np.int64] | None
    """Rows of the scan that these points were; ``None`` where points do not keep their identity."""
    setting: str | None = None
    """Setting that gave them, where there are several."""


def raw(points: Points) -> Iterator[Cleaned]:
    """Points as they are."""
    yield Cleaned(points, None, np.arange(len(points)))


def before(points: Points) -> Iterator[Cleaned]:
    """Preparation of scans before `clean_scan`, from its own commit."""
    with tempfile.TemporaryDirectory() as folder:
        scan, out = Path(folder) / "scan.npy", Path(folder) / "clean.npz"
        np.save(scan, points)
        prepare_as_before(scan, out)
        with np.load(out) as clean:
            yield Cleaned(clean["points"], clean["normals"], clean["kept"])


def clean_scan(points: Points) -> Iterator[Cleaned]:
    """What the library does, noise estimated."""
    clean = fitting.clean_scan(points)
    kept = np.flatnonzero(~np.asarray(clean.outliers))
    yield Cleaned(np.asarray(clean.points)[kept], np.asarray(clean.normals)[kept], kept)


def jets(points: Points) -> Iterator[Cleaned]:
    """Quadrics of one size everywhere, over the plane of the same neighbours (Cazals and Pouget, CAGD 2005)."""
    cloud = torch.from_numpy(points)
    fits = [_block_of_jets(cloud, centers) for centers in cloud.split(BLOCK)]
    for place, size in enumerate(JET_SIZES):
        moved, normals = (torch.cat([fit[place][part] for fit in fits]).numpy() for part in range(2))
        yield Cleaned(moved, normals, np.arange(len(points)), str(size))


def _block_of_jets(cloud: torch.Tensor, centers: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Positions and normals of some centers for every size."""
    neighbors = ops.nearest_neighbors(centers, cloud, k=min(max(JET_SIZES), len(cloud))).indices
    upright = torch.tensor([[0.0, 0.0, 1.0]], dtype=cloud.dtype).expand(len(cloud), 3)
    fits = []
    for size in JET_SIZES:
        near = cloud[neighbors[:, :size]]
        near = near - near.mean(dim=1, keepdim=True)
        facing = torch.linalg.eigh(near.mT @ near).eigenvectors[..., 0]
        fit = ops.local_quadrics(
            centers, cloud, facing, upright, neighbors, noise=0.0, sizes=(size,), confidence=np.inf, agreement=ANY
        )
        fits.append((fit.points, fit.normals))
    return fits


def wlop(points: Points) -> Iterator[Cleaned]:
    """Weighted locally optimal projection (Huang et al., SIGGRAPH Asia 2009) of CGAL, all points kept, PCA normals."""
    from CGAL import CGAL_Point_set_processing_3 as processing
    from CGAL.CGAL_Kernel import Point_3
    from CGAL.CGAL_Point_set_3 import Point_set_3

    spacing = mean_spacing(points)
    for radius in WLOP_RADII:
        scan, clean = Point_set_3(), Point_set_3()
        for row in points.tolist():
            scan.insert(Point_3(*row))
        processing.wlop_simplify_and_regularize_point_set(scan, clean, 100.0, radius * spacing)
        clean.add_normal_map()
        processing.pca_estimate_normals(clean, 24)
        yield Cleaned(_rows(clean, clean.point), _rows(clean, clean.normal), None, str(radius))


def mean_spacing(points: Points) -> float:
    """Mean distance from a point to the nearest other one."""
    cloud = torch.from_numpy(points)
    return float(ops.nearest_neighbors(cloud, cloud, k=2).squared_distances[:, 1].sqrt().mean())


def _rows(cloud, read: Callable) -> Points:
    return np.array([(each.x(), each.y(), each.z()) for each in map(read, cloud.indices())])


CLEANERS: dict[str, Callable[[Points], Iterator[Cleaned]]] = {
    "raw": raw,
    "before": before,
    "jet": jets,
    "wlop": wlop,
    "clean_scan": clean_scan,
}
"""The methods in the order of the page."""

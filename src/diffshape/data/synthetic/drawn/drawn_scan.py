"""Scans of drawn solids: noise of several kinds, uneven density, outliers, views, holes; the truth of every point."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_number, check_seed, check_whole
from diffshape._reprs import one_line
from diffshape.data.synthetic.drawn.drawn_solid import DrawnSolid
from diffshape.data.synthetic.drawn.primitive import Points
from diffshape.data.synthetic.drawn.scanned_surface import scanned_surface

NoiseKind = Literal["gaussian", "laplace", "ray", "grid"]
_OUTLIER_BOX = 1.5


@dataclass(frozen=True, eq=False)
class DrawnScan:
    """Points of a scan of a drawn solid, and what is true of each; N points.

    Args:
        points: (N, 3) points as scanned, float64.
        surface: (N, 3) the point of the true surface that each was measured at; of an outlier, the one it stands for.
        normals: (N, 3) true unit normals at ``surface``, outward.
        outliers: (N,) True where a point is a stray return that has nothing to do with the surface.
        views: (N,) number of the view that saw each point; 0 where there is none.
        holes: (H, 4) centres and radii of the balls in which the scan has no point of the surface.
    """

    points: NDArray[np.float64]
    surface: NDArray[np.float64]
    normals: NDArray[np.float64]
    outliers: NDArray[np.bool_]
    views: NDArray[np.int64]
    holes: NDArray[np.float64]

    __repr__ = one_line

    def __len__(self) -> int:
        return len(self.points)


@checked
def drawn_scan(
    solid: DrawnSolid,
    count: int,
    *,
    noise: float = 0.0,
    noise_kind: NoiseKind = "gaussian",
    unevenness: float = 0.0,
    outliers: float = 0.0,
    views: int = 0,
    misalignment: float = 0.0,
    holes: int = 0,
    seed: int = 0,
) -> DrawnScan:
    """A scan of a solid as users have them: p = s + error, s on the surface; the same for the same seed.

    Args:
        solid: What :func:`~diffshape.data.drawn_solid` gave; lengths are in its unit, about its longest side.
        count: Number of points N, at least 1.
        noise: Standard deviation sigma of the error of each coordinate, of "ray" that along the ray, from 0 to 1.
        noise_kind: "gaussian"; "laplace", which has heavy tails; "ray", Gaussian along the line of sight, that of the
            view of a point or, without views, of a scanner somewhere in front of it (cosine-weighted about the
            normal); "grid", coordinates rounded to multiples of sigma sqrt(12).
        unevenness: Logarithm of the largest ratio of densities, from 0 (even) to 10, as of ``simulate_scan``; a factor
            of ten is 2.3.
        outliers: Fraction in [0, 1) of the points that is spread evenly over the box of the scan, enlarged to 1.5 times
            its sides.
        views: Number of directions from which the solid is seen, at most 32, 1 is one-sided: only what faces one at
            less than 78 degrees, with nothing in front of it, is scanned. 0 sees everything.
        misalignment: Standard deviation of the shift of each view in each coordinate, and of its rotation about each
            axis in radians, from 0 to 1. Needs views.
        holes: Number of holes, at most 100: balls of radius 0.03 to 0.15 around points of the surface, in which nothing
            is seen.
        seed: Seed of all draws. Noise, outliers, misalignment do not move the points of the surface.

    Returns:
        Points with the truth of each.

    Raises:
        ValueError: An option is out of range, misalignment is asked for without views, or holes leave nothing.

    >>> from diffshape.data import drawn_solid
    >>> scan = drawn_scan(drawn_solid(3), 2000, noise=0.005, outliers=0.01)
    >>> len(scan), int(scan.outliers.sum())
    (2000, 20)
    """
    check_fits("drawn_scan: count", count, 1000)
    check_number("drawn_scan: noise", noise, 0, 1)
    check_number("drawn_scan: unevenness", unevenness, 0, 10)
    check_whole("drawn_scan: views", views, 0, 32)
    check_number("drawn_scan: misalignment", misalignment, 0, 1)
    check_whole("drawn_scan: holes", holes, 0, 100)
    check_seed("drawn_scan: seed", seed)
    if not 0 <= outliers < 1:
        raise ValueError(f"drawn_scan: outliers must be in [0, 1), got {outliers}")
    if misalignment and not views:
        raise ValueError(f"drawn_scan: misalignment is between views; with misalignment={misalignment} give views >= 1")
    surface_seed, *seeds = np.random.SeedSequence(seed).spawn(4)
    noise_rng, outlier_rng, view_rng = map(np.random.default_rng, seeds)
    scanned = scanned_surface(solid, count, unevenness=unevenness, views=views, holes=holes, seed=surface_seed)
    rays = scanned.directions[scanned.views] if views else _lines_of_sight(scanned.normals, noise_rng)
    points = _with_noise(scanned.points, rays, noise, noise_kind, noise_rng)
    if misalignment:
        points = _misaligned(points, scanned.views, misalignment, views, view_rng)
    low, high = points.min(axis=0), points.max(axis=0)
    stray = np.zeros(count, bool)
    stray[outlier_rng.permutation(count)[: round(outliers * count)]] = True
    offsets = outlier_rng.uniform(-0.5, 0.5, (int(stray.sum()), 3)) * _OUTLIER_BOX
    points[stray] = (low + high) / 2 + offsets * (high - low)
    return DrawnScan(points, scanned.points, scanned.normals, stray, scanned.views, scanned.holes)


def _with_noise(points: Points, rays: Points, sigma: float, kind: NoiseKind, generator: np.random.Generator) -> Points:
    """Points whose coordinates, or places along their rays, are off by ``sigma``."""
    if kind == "grid" and sigma:
        step = sigma * np.sqrt(12)
        return np.round(points / step) * step
    if kind == "laplace":
        return points + sigma * generator.laplace(scale=np.sqrt(0.5), size=points.shape)
    if kind == "ray":
        return points + sigma * generator.standard_normal((len(points), 1)) * rays
    return points + sigma * generator.standard_normal(points.shape)


def _lines_of_sight(normals: Points, generator: np.random.Generator) -> Points:
    """Directions from each point to a scanner in front of it: denser along the normal, as the cosine with it."""
    directions = generator.standard_normal(normals.shape)
    directions = normals + directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return directions / np.linalg.norm(directions, axis=1, keepdims=True).clip(min=1e-300)


def _misaligned(
    points: Points, view: NDArray[np.int64], size: float, views: int, generator: np.random.Generator
) -> Points:
    """Each view turned about the origin by a random vector w, p cos|w| + (w/|w| x p) sin|w| + ..., and shifted."""
    turns, shifts = size * generator.standard_normal((2, views, 3))
    angle = np.linalg.norm(turns, axis=1, keepdims=True)
    axis = (turns / angle)[view]
    cosine, sine = np.cos(angle)[view], np.sin(angle)[view]
    along = (axis * points).sum(axis=1, keepdims=True) * axis
    return along + cosine * (points - along) + sine * np.cross(axis, points) + shifts[view]

"""From a raw scan to clean oriented points: outliers dropped, normals found, noise estimated and averaged away."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.fitting.scans.config import ScanConfig
from diffshape.fitting.scans.orientation import OrientationTrust, trust_in
from diffshape.fitting.scans.prior.clean import cleaned
from diffshape.fitting.scans.prior.scan_prior import shipped_prior
from diffshape.fitting.scans.sides import given_sides, sides_along_surface
from diffshape.ops.local_quadrics import LocalQuadrics, local_quadrics
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.orientation.orient_points import OrientedPoints, orient_points
from diffshape.ops.orientation.point_areas import AREA_NEIGHBORS, point_areas

LAYERED = 0.15
"""Mean difference of neighbours on the same side from a quadric, in spacings, from which on a scan has layers: it was
0.17 to 0.34 where views did not meet, and at most 0.11 on other cleaned scans, whose detail it is."""
DISAGREEMENT = 4.0
"""Error of a point of a scan with layers for each unit of length of that difference: the truth is between them."""
FARTHEST = 1.0
"""Largest coordinate of a clean point in the unit frame, where the surface ends at 0.5."""


@dataclass(frozen=True)
class PreparedScan:
    """Clean oriented points in the unit frame."""

    quadrics: LocalQuadrics
    """The surface around every kept point."""
    kept: Int[Tensor, "n"]
    """Indices of the kept points in the input, ascending; the others were outliers or repeated one of these."""
    areas: Float[Tensor, "n"]
    """Area that each kept point stands for."""
    errors: Float[Tensor, "n"]
    """Expected distance of each kept point to the surface."""
    noise: float
    """Estimated standard deviation of the input along its normals."""
    spacing: float
    """Typical distance between neighbouring points."""
    moved: bool
    """Whether the points were smoothed; a clean scan keeps its points."""
    trust: OrientationTrust
    """Measures of how reliable the orientation is."""
    confidence: Float[Tensor, "n"]
    """Confidence in each kept point, 1 / (1 + error / spacing)."""
    given: bool = False
    """Whether the side of the normals is that of normals which came with the scan."""

    __repr__ = one_line

    @property
    def points(self) -> Float[Tensor, "n 3"]:
        """The kept points, smoothed if ``moved``."""
        return self.quadrics.points

    @property
    def normals(self) -> Float[Tensor, "n 3"]:
        """Unit normals that point outside."""
        return self.quadrics.normals


@checked
def prepare_scan(
    points: Float[Tensor, "n 3"],
    config: ScanConfig | None = None,
    *,
    normals: Float[Tensor, "n 3"] | None = None,
    open: bool = False,
) -> PreparedScan:
    """Clean, orient and smooth a scan.

    Args:
        points: Shape (N, 3), N >= 4, in the unit frame (longest side 1, centred at 0); outliers may lie anywhere.
        config: Settings of the preparation; ``ScanConfig()`` if ``None``.
        normals: Normals that came with the scan, shape (N, 3), 0 where there is none. Where they agree with the points
            and with one another, their side is taken; the normals themselves are found anew.
        open: The scan is one of open surfaces, whose normals point to one side along each of them. Otherwise it is one
            of solids, and normals point out of these.

    Returns:
        See :class:`PreparedScan`, on the CPU in the dtype of ``points``.

    Raises:
        ValueError: ``points`` has another shape, is not finite or not in the unit frame, or has fewer than 4 places; or
            ``normals`` are not finite or of another shape.

    Deterministic. Time is proportional to N, about a second for 10,000 points on one core.

    >>> from diffshape.ops.visibility import fibonacci_directions
    >>> noise = 0.01 * torch.randn(2000, 3, generator=torch.manual_seed(0), dtype=torch.float64)
    >>> scan = prepare_scan(0.5 * fibonacci_directions(2000) + noise)
    >>> bool((scan.points.norm(dim=1) - 0.5).abs().mean() < 0.004)
    True
    """
    config = config or ScanConfig()
    cloud, kept = _distinct(points)
    given = None if normals is None else _given(normals, points)[kept]
    clean = cleaned(shipped_prior(cloud.device), cloud.float(), passes=config.passes)
    on_surface = ~clean.outliers
    kept, raw = kept[on_surface], cloud[on_surface]
    moves = (clean.points[on_surface] - cloud.float()[on_surface]).double()  # exactly 0 where a scan stays
    surface, found = raw + moves, clean.normals[on_surface].double()
    _check_frame(surface)
    index = NeighborIndex(surface)
    squared_distances, neighbors = index.query(
        surface, min(max(AREA_NEIGHBORS + 1, config.curvature_size), len(surface))
    )
    moved = bool((moves != 0).any())
    oriented, quadrics = _oriented(surface, found, point_areas(squared_distances), neighbors, moved, config)
    told = None if given is None else given_sides(surface, found, given[on_surface], neighbors)
    if told is not None or open:
        sides = sides_along_surface(surface, found, neighbors) if told is None else told
        oriented, quadrics = oriented._replace(normals=sides), _quadrics(surface, sides, neighbors, config)
    quadrics = _as_dtype(quadrics, points.dtype)
    errors = clean.error[on_surface].to(points.dtype)
    if moved and _has_layers(quadrics, oriented.spacing):
        errors = torch.hypot(errors, DISAGREEMENT * quadrics.residuals)
    return PreparedScan(
        quadrics=quadrics,
        kept=kept,
        areas=oriented.areas.to(points.dtype),
        errors=errors,
        noise=float(clean.noise.median()),
        spacing=oriented.spacing,
        moved=moved,
        trust=trust_in(oriented, oriented.winding(surface).volume),
        confidence=1 / (1 + errors / oriented.spacing),
        given=told is not None,
    )


def _distinct(points: Tensor) -> tuple[Float[Tensor, "n 3"], Int[Tensor, "n"]]:
    """Distinct points in float64, and where they stand in the input."""
    if points.ndim != 2 or points.shape[-1] != 3 or not points.is_floating_point():
        raise ValueError(
            f"prepare_scan: points must be floats of shape (N, 3), got {tuple(points.shape)} {points.dtype}"
        )
    cloud = points.detach().cpu().double()
    if not bool(cloud.isfinite().all()):
        raise ValueError("prepare_scan: points must be finite; drop the others with diffshape.data.clean_points")
    kept = torch.from_numpy(np.sort(np.unique(cloud.numpy(), axis=0, return_index=True)[1]))
    if len(kept) < 4:
        raise ValueError(f"prepare_scan: want points in at least 4 different places, got {len(kept)}")
    return cloud[kept], kept


def _given(normals: Tensor, points: Tensor) -> Float[Tensor, "n 3"]:
    """Normals that came with points, in float64."""
    if normals.shape != points.shape or not bool(normals.isfinite().all()):
        raise ValueError(
            f"prepare_scan: normals must be finite, of shape {tuple(points.shape)} like the points, "
            f"got {tuple(normals.shape)}"
        )
    return normals.detach().cpu().double()


def _check_frame(surface: Float[Tensor, "n 3"]) -> None:
    if len(surface) < 4:
        raise ValueError(f"prepare_scan: want at least 4 points that are no outliers, got {len(surface)}")
    if not bool(surface.abs().max() <= FARTHEST):
        raise ValueError(
            f"prepare_scan: points must be in the unit frame, within {FARTHEST:g} of 0 on every axis, got "
            f"{float(surface.abs().max()):.3g}; use diffshape.data.Frame.to_unit"
        )


def _oriented(
    surface: Float[Tensor, "n 3"],
    normals: Float[Tensor, "n 3"],
    areas: Float[Tensor, "n"],
    neighbors: Int[Tensor, "n k"],
    moved: bool,
    config: ScanConfig,
) -> tuple[OrientedPoints, LocalQuadrics]:
    """The points with their normals turned outside, and the surface around them; only ``moved`` ones form layers."""
    sides = config.orientation
    turn = partial(
        orient_points, surface, normals=normals, areas=areas, rounds=sides.rounds, directions=sides.directions
    )
    oriented = turn(widths=sides.widths)
    quadrics = _quadrics(surface, oriented.normals, neighbors, config)
    if not moved or not _has_layers(quadrics, oriented.spacing):
        return oriented, quadrics
    oriented = turn(widths=sides.wide)
    return oriented, _quadrics(surface, oriented.normals, neighbors, config)


def _has_layers(quadrics: LocalQuadrics, spacing: float) -> bool:
    """Whether cleaned points lie on several sheets, as those of views do that do not meet."""
    return bool(quadrics.residuals.mean() > LAYERED * spacing)


def _quadrics(
    surface: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"], neighbors: Int[Tensor, "n k"], config: ScanConfig
) -> LocalQuadrics:
    """The surface around clean points, which stay where they are."""
    rule = {"noise": 0.0, "sizes": (config.curvature_size,), "agreement": config.agreement}
    return local_quadrics(surface, surface, normals, normals, neighbors, **rule)._replace(points=surface)


def _as_dtype(quadrics: LocalQuadrics, dtype: torch.dtype) -> LocalQuadrics:
    return LocalQuadrics(*(each.to(dtype) if each.is_floating_point() else each for each in quadrics))

"""Target of a fit of a scan: points, and what is known of the surface that they were measured on."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.fitting.methods.config import MethodConfig
from diffshape.fitting.scans.prepare import PreparedScan
from diffshape.fitting.targets.target import Target
from diffshape.ops import NeighborIndex
from diffshape.ops.distance_grid.levels import OrientedSurface
from diffshape.ops.orientation.orient_points import WIDTH
from diffshape.ops.orientation.point_winding import PointWinding

_EXTRA = 2
"""Number of points that are added for each point of a prepared scan, on its quadric."""
_REACH = 0.4
"""Distance of an added point from its own, in spacings: a standard deviation along each tangent."""
_ENOUGH = 120_000
"""Largest number of points that are added to a scan."""


@dataclass(frozen=True, kw_only=True)
class ScanTarget(Target):
    """A prepared scan in the unit frame, all on the CPU in float32, so that a checkpoint can keep it."""

    points: Float[Tensor, "n 3"]
    """Points of the scan."""
    spacing: Float[Tensor, ""]
    """Typical distance between neighbouring points of the scan."""
    noise: Float[Tensor, ""]
    """Estimated standard deviation of the scan's noise; 0 if unknown."""
    normals: Float[Tensor, "n 3"] | None = None
    """Unit normals that point outside, 0 where one is not known."""
    errors: Float[Tensor, "m"] | None = None
    """Expected distances to the surface of the first points, those that were measured; None: all were, exactly."""
    areas: Float[Tensor, "m"] | None = None
    """Areas that the measured points of a solid stand for; None: the surface is open, and nothing lies inside."""

    bounds: ClassVar[tuple[float, float]] = (-0.8, 0.8)
    support: ClassVar[float] = 0.005

    __repr__ = one_line

    @property
    def oriented(self) -> bool:
        """Whether normals are known, and with them two sides of the surface."""
        return self.normals is not None

    @cached_property
    def surface(self) -> OrientedSurface:
        """The measured points with what is known of them."""
        if self.normals is None:
            raise ValueError("ScanTarget.surface: this target has no normals; prepare the scan first")
        errors = torch.zeros(len(self.points)) if self.errors is None else self.errors
        points, normals = self.points[: len(errors)], self.normals[: len(errors)]
        spacing, winding = self.spacing.item(), partial(_behind, NeighborIndex(points), points, normals)
        if self.areas is not None:
            winding = partial(_inside, PointWinding(points, normals * self.areas[:, None], width=WIDTH * spacing))
        return OrientedSurface(points, normals, errors, spacing, winding)

    def tensors(self) -> dict[str, Tensor]:
        """The parts that are there, by name."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: part for name, part in parts.items() if part is not None}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], method: MethodConfig) -> "ScanTarget":
        """The prepared scan of which a file kept ``tensors``."""
        return cls(**tensors)

    def first(self, count: int) -> "ScanTarget":
        """A scan of the first ``count`` points of this one."""
        normals = None if self.normals is None else self.normals[:count]
        errors, areas = (None if each is None else each[:count] for each in (self.errors, self.areas))
        return replace(self, points=self.points[:count], normals=normals, errors=errors, areas=areas)


def raw_target(points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"] | None = None) -> ScanTarget:
    """Target of points as they are, which the published methods are given; a normal of 0 is not known."""
    cloud = points.detach().cpu().float()
    distinct = cloud.unique(dim=0)  # the many zeros of a depth camera are one place
    squared, _ = NeighborIndex(distinct).query(distinct, k=2)
    return ScanTarget(
        points=cloud,
        normals=None if normals is None else normals.detach().cpu().float(),
        spacing=squared[:, 1].sqrt().median(),
        noise=torch.tensor(0.0),
    )


def prepared_target(scan: PreparedScan, generator: torch.Generator, *, open: bool = False) -> ScanTarget:
    """Target of the points of a prepared scan, with more points on the quadrics between them where they are few.

    That of an ``open`` surface has no areas, as nothing is inside.
    """
    extra = max(0, min(_EXTRA, _ENOUGH // len(scan.points)))
    offsets = torch.randn(len(scan.points), extra, 2, generator=generator, dtype=scan.points.dtype)
    points, normals = scan.quadrics.patch(_REACH * scan.spacing * offsets)
    return ScanTarget(
        points=torch.cat([scan.points, points.reshape(-1, 3)]).float(),
        normals=torch.cat([scan.normals, normals.reshape(-1, 3)]).float(),
        errors=scan.errors.float(),
        areas=None if open else scan.areas.float(),
        spacing=torch.tensor(scan.spacing),
        noise=torch.tensor(scan.noise),
    )


def _inside(winding: PointWinding, places: Float[Tensor, "m 3"]) -> Float[Tensor, "m"]:
    """1 inside, 0 outside; of a solid whose normals point to a hollow, all but the hollow is inside."""
    return winding.value(places) + (winding.volume < 0)


def _behind(
    index: NeighborIndex, points: Float[Tensor, "n 3"], normals: Float[Tensor, "n 3"], places: Float[Tensor, "m 3"]
) -> Float[Tensor, "m"]:
    """1 at places behind the tangent plane of their nearest point, 0 before it."""
    nearest = index.query(places).indices
    return (((places - points[nearest]) * normals[nearest]).sum(dim=1) < 0).to(places)

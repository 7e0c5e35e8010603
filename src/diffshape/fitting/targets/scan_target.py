"""Target of a fit of a scan: points, and their normals and an indicator of inside if they are known."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample

from diffshape._reprs import one_line
from diffshape.fitting.methods.config import MethodConfig
from diffshape.fitting.scans.prepare import PreparedScan
from diffshape.fitting.targets.target import Target
from diffshape.ops import NeighborIndex

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
    """Unit normals that point outside."""
    indicator: Float[Tensor, "r r r"] | None = None
    """Indicator function of a solid, greater than 0 inside, at nodes (x, y, z) of a grid from -side / 2 to side / 2."""
    side: Float[Tensor, ""] | None = None
    """Side of the cube of the indicator function."""

    bounds: ClassVar[tuple[float, float]] = (-0.8, 0.8)
    support: ClassVar[float] = 0.005

    __repr__ = one_line

    @property
    def oriented(self) -> bool:
        """Whether normals are known, and with them two sides of the surface."""
        return self.normals is not None

    def inside(self, points: Float[Tensor, "m 3"]) -> Bool[Tensor, "m"]:
        """Whether points lie inside the solid, by the indicator; outside its cube they do not."""
        if self.indicator is None or self.side is None:
            raise ValueError("ScanTarget.inside: this target has no indicator; prepare the scan first")
        where = (points.flip(-1) * 2 / self.side)[None, None, None]  # grid_sample counts axes backwards
        values = grid_sample(self.indicator[None, None], where, align_corners=True, padding_mode="border")
        return (values.reshape(-1) > 0) & (points.abs().amax(-1) < self.side / 2)

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
        return replace(self, points=self.points[:count], normals=normals)


def raw_target(points: Float[Tensor, "n 3"]) -> ScanTarget:
    """Target of points as they are, without normals; the published method is given this one."""
    cloud = points.detach().cpu().float()
    distinct = cloud.unique(dim=0)  # the many zeros of a depth camera are one place
    squared, _ = NeighborIndex(distinct).query(distinct, k=2)
    return ScanTarget(points=cloud, spacing=squared[:, 1].sqrt().median(), noise=torch.tensor(0.0))


def prepared_target(scan: PreparedScan, generator: torch.Generator, *, open: bool = False) -> ScanTarget:
    """Target of the points of a prepared scan, with more points on the quadrics between them where they are few.

    That of an ``open`` surface has no indicator, as nothing is inside.
    """
    extra = max(0, min(_EXTRA, _ENOUGH // len(scan.points)))
    offsets = torch.randn(len(scan.points), extra, 2, generator=generator, dtype=scan.points.dtype)
    points, normals = scan.quadrics.patch(_REACH * scan.spacing * offsets)
    return ScanTarget(
        points=torch.cat([scan.points, points.reshape(-1, 3)]).float(),
        normals=torch.cat([scan.normals, normals.reshape(-1, 3)]).float(),
        spacing=torch.tensor(scan.spacing),
        noise=torch.tensor(scan.noise),
        indicator=None if open else scan.indicator.nodes.float().contiguous(),
        side=None if open else torch.tensor(scan.indicator.side),
    )

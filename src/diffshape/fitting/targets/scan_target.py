"""What a field is fitted to: points, their normals if known, and a global sense of inside."""

from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample

from diffshape._reprs import one_line
from diffshape.fitting.scans.prepare import PreparedScan
from diffshape.ops import NeighborIndex

_EXTRA = 2  # points added for each point of a scan, on its quadric,
_REACH = 0.4  # this many spacings away (standard deviation along each tangent),
_ENOUGH = 120_000  # as long as no more than about so many are added


@dataclass(frozen=True, kw_only=True)
class FitTarget:
    """A prepared scan in the unit frame, all on the CPU in float32, so that a checkpoint can keep it."""

    points: Float[Tensor, "n 3"]
    """Data points."""
    spacing: Float[Tensor, ""]
    """Typical distance between neighbouring points of the scan."""
    noise: Float[Tensor, ""]
    """Estimated standard deviation of the scan's noise; 0 if unknown."""
    normals: Float[Tensor, "n 3"] | None = None
    """Unit normals that point outside."""
    indicator: Float[Tensor, "r r r"] | None = None
    """Greater than 0 inside, on a grid (x, y, z) of nodes from -side / 2 to side / 2."""
    side: Float[Tensor, ""] | None = None
    """Side of the indicator's cube."""

    bounds: ClassVar[tuple[float, float]] = (-0.8, 0.8)
    """Lowest and highest coordinate, on every axis, between which the surface is meshed."""
    support: ClassVar[float] = 0.005
    """Bodies of the fitted surface are kept that have so many times the points of the best supported one nearest."""

    __repr__ = one_line

    @property
    def oriented(self) -> bool:
        """Whether normals and inside are known."""
        return self.normals is not None and self.indicator is not None

    def inside(self, points: Float[Tensor, "m 3"]) -> Bool[Tensor, "m"]:
        """Whether points lie inside the solid, by the indicator; outside its cube they do not."""
        if self.indicator is None or self.side is None:
            raise ValueError("FitTarget.inside: this target has no indicator; prepare the scan first")
        where = (points.flip(-1) * 2 / self.side)[None, None, None]  # grid_sample counts axes backwards
        values = grid_sample(self.indicator[None, None], where, align_corners=True, padding_mode="border")
        return (values.reshape(-1) > 0) & (points.abs().amax(-1) < self.side / 2)

    def tensors(self) -> dict[str, Tensor]:
        """The parts that are there, by name."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: part for name, part in parts.items() if part is not None}


def raw_target(points: Float[Tensor, "n 3"]) -> FitTarget:
    """Points as they are, without normals: what the published method is given."""
    cloud = points.detach().cpu().float()
    distinct = cloud.unique(dim=0)  # the many zeros of a depth camera are one place
    squared, _ = NeighborIndex(distinct).query(distinct, k=2)
    return FitTarget(points=cloud, spacing=squared[:, 1].sqrt().median(), noise=torch.tensor(0.0))


def prepared_target(scan: PreparedScan, generator: torch.Generator) -> FitTarget:
    """The points of a prepared scan, and more of them on the quadrics between them where they are few."""
    extra = max(0, min(_EXTRA, _ENOUGH // len(scan.points)))
    offsets = torch.randn(len(scan.points), extra, 2, generator=generator, dtype=scan.points.dtype)
    points, normals = scan.quadrics.patch(_REACH * scan.spacing * offsets)
    return FitTarget(
        points=torch.cat([scan.points, points.reshape(-1, 3)]).float(),
        normals=torch.cat([scan.normals, normals.reshape(-1, 3)]).float(),
        spacing=torch.tensor(scan.spacing),
        noise=torch.tensor(scan.noise),
        indicator=scan.indicator.nodes.float().contiguous(),
        side=torch.tensor(scan.indicator.side),
    )

"""The distance field of an oriented scan, as a start for a fit.

A point x near the surface lies d = (x - y) . n off the tangent plane of its nearest scan point y; farther away the
distance is +-|x - y|, signed by a field that knows inside from outside globally or, of an open surface, by the side of
that tangent plane. A network learns these targets in a
fraction of the steps that it needs to grow out of a sphere, and starts with the right topology.
Source of the loss: the relative error of Mueller et al., Instant NGP, SIGGRAPH 2022, with a floor.
"""

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.ops import NeighborIndex

_POOL = 400_000
"""Number of points with distances to draw from."""
_BATCH = 8192
"""Number of points in a step."""
_FLOOR = 0.005
"""Distance above which errors count relative to it, and below which they count equally."""


class InitialDistances:
    """Points around a prepared scan, and the signed distances that a field learns there."""

    def __init__(self, scan: ScanTarget, bounds: tuple[float, float], generator: torch.Generator) -> None:
        self.generator = generator
        near, middle = _POOL * 5 // 8, _POOL // 4
        self.points = torch.cat(
            [
                self._around(scan, near, 1.5 * scan.spacing.item()),
                self._around(scan, middle, 0.05),
                torch.rand(_POOL - near - middle, 3, generator=generator) * (bounds[1] - bounds[0]) + bounds[0],
            ]
        )
        self.distances = signed_distance(scan, self.points)

    def _around(self, scan: ScanTarget, count: int, spread: float) -> Tensor:
        chosen = torch.randint(len(scan.points), (count,), generator=self.generator)
        return scan.points[chosen] + spread * torch.randn(count, 3, generator=self.generator)

    def loss(self, field: Field) -> Tensor:
        """Mean of |f - d| / (|d| + floor) over a fresh batch."""
        chosen = torch.randint(_POOL, (_BATCH,), generator=self.generator)
        parameter = next(field.parameters())
        distances = self.distances[chosen].to(parameter)
        error = field(self.points[chosen].to(parameter)) - distances
        return (error.abs() / (distances.abs() + _FLOOR)).mean()


def signed_distance(scan: ScanTarget, points: Tensor) -> Tensor:
    """Approximate signed distance (N,) of points (N, 3) from an oriented scan; negative inside or behind it."""
    if scan.normals is None:
        raise ValueError("signed_distance: this target has no normals; prepare the scan first")
    squared, nearest = NeighborIndex(scan.points).query(points)
    distance = squared.sqrt()
    plane = ((points - scan.points[nearest]) * scan.normals[nearest]).sum(-1)
    signed = torch.where(scan.surface.winding(points) > 0.5, -distance, distance)
    return torch.where(distance < 2 * scan.spacing, plane, signed)

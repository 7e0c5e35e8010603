"""Base of the tasks that draw points of a scan in a step, and eikonal samples near them and anywhere."""

from typing import TypeVar

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import SampledMethodConfig
from diffshape.fitting.methods.started_task import StartedTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.ops import NeighborIndex

Method = TypeVar("Method", bound=SampledMethodConfig)

_LOCAL_NEIGHBOR = 50
"""Neighbour of a point whose distance scales the samples near that point."""


class ScanTask(StartedTask[Method]):
    """Fits ``field`` to the points of a scan, of which a step draws some.

    A subclass has the parts of the objective and their weights.
    """

    streams = ("batch", "noise", "start")
    spread: Tensor

    def __init__(self, field: Field, target: ScanTarget, method: Method, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.index = NeighborIndex(target.points)
        self.spread = method.local_scale * neighbor_distance(self.index, target.points)

    def draw(self) -> Tensor:
        """Indices of the points of the scan in this step."""
        count = min(self.method.batch, len(self.scan.points))
        return torch.randperm(len(self.scan.points), generator=self.generators["batch"])[:count]

    def near(self, chosen: Tensor) -> Tensor:
        """Local eikonal samples p + N(0, s_p^2) of the first points chosen, more than one for each if asked for."""
        count = round(self.method.local_samples * len(chosen))
        around = chosen[torch.arange(count) % len(chosen)]
        noise = torch.randn(count, 3, generator=self.generators["noise"])
        return self.scan.points[around] + self.spread[around, None] * noise

    def far(self, chosen: Tensor) -> Tensor:
        """Global eikonal samples, as many as go with the points chosen."""
        return self.anywhere(round(self.method.global_samples * len(chosen)))

    def anywhere(self, count: int) -> Tensor:
        """Uniform samples of the box."""
        return self.uniform(count, "noise")


def neighbor_distance(index: NeighborIndex, points: Tensor) -> Tensor:
    """Distance (N,) of each point to its 50th other neighbour, or the last there is."""
    squared, _ = index.query(points, k=min(_LOCAL_NEIGHBOR + 1, len(points)))
    return squared[:, -1].sqrt()

"""Base of the tasks that fit a distance to the points of a scan: how it begins, what a step draws, how terms add up."""

from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import SampledMethodConfig
from diffshape.fitting.methods.initial_distances import InitialDistances
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import LossTerms
from diffshape.ops import NeighborIndex
from diffshape.training import Adam, Exponential, Halving, Schedule, WarmupCosine

Method = TypeVar("Method", bound=SampledMethodConfig)

SCHEDULES: dict[str, Schedule] = {
    "exponential": Exponential(0.005),
    "warmup-cosine": WarmupCosine(),
    "halving": Halving(0.02),
}
"""Schedules by the names that the settings have for them."""
_LOCAL_NEIGHBOR = 50
"""Neighbour of a point whose distance scales the eikonal samples near that point."""


class ScanTask(FitTask, Generic[Method]):
    """Fits ``field`` to the points of a scan; if that is prepared, the first steps learn its own distance field.

    A subclass has the parts of the objective and their weights.
    """

    streams: ClassVar[tuple[str, ...]] = ("batch", "noise", "start")
    """Names of the random streams, in the order of their seeds."""

    def __init__(self, field: Field, target: ScanTarget, method: Method, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.method, self.scan, self.bounds = method, target, target.box(field)
        self.generators = {
            name: torch.Generator().manual_seed(len(self.streams) * seed + stream)
            for stream, name in enumerate(self.streams)
        }
        self.index = NeighborIndex(target.points)
        self.spread = method.local_scale * _neighbor_distance(self.index, target.points)
        prepared = target.oriented and method.scan is not None
        self.solved = prepared and method.closed_form and field.fit_surface(target.surface)
        self.start_share = method.start if prepared and not self.solved else 0.0
        self.start = InitialDistances(target, self.bounds, self.generators["start"]) if self.start_share else None

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate."""
        return Adam(lr=self.method.learning_rate)

    def schedule(self) -> Schedule:
        """The schedule that the settings name."""
        return SCHEDULES[self.method.schedule]

    def loss(self, step: int, progress: float) -> LossTerms:
        """The start's loss, then the objective."""
        self.field.fade_in(progress, over=0.5 * self.start_share or 0.2)
        if self.start is not None and progress < self.start_share:
            total = self.start.loss(self.field)
            return LossTerms(total, {"initial_distance": total})
        parts = self.parts((progress - self.start_share) / (1 - self.start_share))
        weighed = (weight * parts[name] for name, weight in self.weights().items() if name in parts)
        return LossTerms(sum(weighed, torch.zeros(())), parts)

    def parts(self, progress: float) -> dict[str, Tensor]:
        """The terms of the objective by name, at ``progress`` in [0, 1) of the steps after the start."""
        raise NotImplementedError

    def weights(self) -> dict[str, float]:
        """The weights of the terms by name; a term may be missing from the parts."""
        raise NotImplementedError

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
        low, high = self.bounds
        return torch.rand(count, 3, generator=self.generators["noise"]) * (high - low) + low

    def state(self) -> dict[str, Tensor]:
        """The random streams."""
        return {f"random_{name}": generator.get_state() for name, generator in self.generators.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        for name, generator in self.generators.items():
            generator.set_state(state[f"random_{name}"])


def _neighbor_distance(index: NeighborIndex, points: Tensor) -> Tensor:
    """Distance (N,) of each point to its 50th other neighbour, or the last there is."""
    squared, _ = index.query(points, k=min(_LOCAL_NEIGHBOR + 1, len(points)))
    return squared[:, -1].sqrt()

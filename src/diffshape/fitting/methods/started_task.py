"""Base of the tasks that fit a distance to a scan: how a fit begins, and how its terms add up."""

from typing import TypeVar

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import StartedMethodConfig
from diffshape.fitting.methods.initial_distances import InitialDistances
from diffshape.fitting.methods.streamed_task import StreamedTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import LossTerms
from diffshape.training import Adam, Exponential, Halving, Schedule, WarmupCosine

Method = TypeVar("Method", bound=StartedMethodConfig)

SCHEDULES: dict[str, Schedule] = {
    "exponential": Exponential(0.005),
    "warmup-cosine": WarmupCosine(),
    "halving": Halving(0.02),
}
"""Schedules by the names that the settings have for them."""


class StartedTask(StreamedTask[Method]):
    """Fits ``field`` to a scan; if that is prepared, the first steps learn its own distance field.

    A subclass has the parts of the objective and their weights.
    """

    streams = ("batch", "start")

    def __init__(self, field: Field, target: ScanTarget, method: Method, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
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

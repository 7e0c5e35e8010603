"""Many fields learn the signed distances of as many meshes, each for itself, in the same steps.

The objective is the sum of the fields' own losses. No parameter is shared and Adam works number by number, so that one
optimiser over all is as many independent ones: a field gets the gradient, and takes the step, that it would by itself.
A field that has learned enough is left out of the sum; no gradient reaches it, and the optimiser leaves it as it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from diffshape.data import SignedDistance
from diffshape.data.signed_distance import DistanceSamples
from diffshape.fields.hash_grid_stack import HashGridStack
from diffshape.fitting.methods.distance_pool import DistancePool
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.supervised_task import DISTANCE_LOSSES, distance_optimizer
from diffshape.fitting.stop_rule import StopRule
from diffshape.losses import LossTerms
from diffshape.training import Adam, CsvLog, Exponential, Schedule, StepReport
from diffshape.training.run import RunTask

_KEPT_OUT = 1 << 41
"""Seed of the first points kept out of training, far from the seeds of fits and scores."""
_BETTER = 0.99
"""Share of the lowest error below which another error counts as an improvement."""


@dataclass
class FieldProgress:
    """Progress of one of the fields."""

    step: int = 0
    """Number of updates taken."""
    seconds: float = 0.0
    """Share of the time: that of every step, divided by the fields that took it."""
    best: float = math.inf
    """Lowest error so far."""
    waited: int = 0
    """Checks since the lowest error."""


class SupervisedStackTask(RunTask):
    """Fits each field of ``stack`` to one of ``distances``; :meth:`observe` must be called after every step."""

    def __init__(
        self,
        stack: HashGridStack,
        distances: Sequence[SignedDistance],
        method: Supervised,
        stop: StopRule | None = None,
        *,
        seed: int,
    ) -> None:
        self.stack, self.method, self.stop = stack, method, stop
        self.modules = {"stack": stack}
        self.pools = [DistancePool(distance, method, seed=seed) for distance in distances]
        self.kept_out = [_kept_out(distance, method, stop, seed) for distance in distances] if stop else []
        self.active = list(range(len(stack)))
        """Places of the fields that still learn."""
        self.progress = [FieldProgress() for _ in distances]
        self._seconds = 0.0
        self._last: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # loss and error of each field in the last step

    def optimizer(self) -> Adam:
        """Adam as for one field."""
        return distance_optimizer(self.method, self.stack[0])

    def schedule(self) -> Schedule:
        """The schedule of one field."""
        return Exponential(self.method.final)

    @property
    def finished(self) -> bool:
        """Whether every field has learned enough."""
        return not self.active

    def loss(self, step: int, progress: float) -> LossTerms:
        """The sum of the chosen loss over the active fields; beside it means over them, and their number."""
        batches = [self.pools[place].batch(step) for place in self.active]
        points, distances = (torch.stack(each).to(self.stack[0].tables) for each in zip(*batches))
        values = self.stack(points, self.active)
        losses = DISTANCE_LOSSES[self.method.loss](values, distances, reduction="none").mean(1)
        errors = (values.detach() - distances).abs().mean(1)
        self._last = dict(zip(self.active, zip(losses.detach(), errors)))
        parts = {
            self.method.loss: losses.mean(),
            "error": errors.mean(),
            "active": torch.tensor(float(len(self.active))),
        }
        return LossTerms(losses.sum(), parts)

    def observe(self, report: StepReport) -> None:
        """Count the step and its time for every field that took it, and stop the fields that have learned enough."""
        share, self._seconds = (report.seconds - self._seconds) / len(self.active), report.seconds
        for place in self.active:
            self.progress[place].step = report.step
            self.progress[place].seconds += share
        if self.stop and report.step % self.stop.every == 0:
            self.active = [place for place in self.active if not self._has_learned(place, self.stop)]

    def write_to(self, logs: Sequence[CsvLog], report: StepReport) -> None:
        """Write the step of each field that took it as a fit by itself would; after :meth:`observe`.

        Args:
            logs: The log of each field; none if empty.
            report: That of the step of all.
        """
        for place, (loss, error) in self._last.items() if logs else ():
            terms = LossTerms(loss, {self.method.loss: loss, "error": error})
            logs[place](replace(report, seconds=self.progress[place].seconds, terms=terms))

    @torch.no_grad()
    def _has_learned(self, place: int, stop: StopRule) -> bool:
        field, progress = self.stack[place], self.progress[place]
        points, distances = (each.to(field.tables) for each in self.kept_out[place])
        error = float((field(points) - distances).abs().mean())
        if error < _BETTER * progress.best:
            progress.best, progress.waited = error, 0
        else:
            progress.waited += 1
        low_enough = stop.error is not None and error <= stop.error
        return low_enough or (stop.patience is not None and progress.waited >= stop.patience)


def _kept_out(distance: SignedDistance, method: Supervised, stop: StopRule, seed: int) -> DistanceSamples:
    generator = torch.Generator().manual_seed(_KEPT_OUT + seed)
    return distance.sample_near(stop.points, sigma=method.sigma, perturbation=method.perturbation, generator=generator)

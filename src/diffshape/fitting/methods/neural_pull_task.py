"""The Neural-Pull objective as a training task.

    L = mean |t - (q - f g / |g|)| + lambda mean (1 - |g|)^2

over a batch of queries q near the scan and their nearest points t in it. Source: Ma, Han, Liu, Zwicker, Neural-Pull,
ICML 2021.
"""

from dataclasses import replace

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.neural_pull import NeuralPull
from diffshape.fitting.methods.pull_queries import PullQueries
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import LossTerms, eikonal_loss, pull_loss
from diffshape.training import Adam, Exponential, Schedule, WarmupCosine


class NeuralPullTask(FitTask):
    """Fits ``field`` to a scan, from what the field starts as."""

    def __init__(self, field: Field, target: ScanTarget, method: NeuralPull, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.method, self.scan = method, target
        pool, self.generator = (torch.Generator().manual_seed(2 * seed + stream) for stream in range(2))
        self.queries = PullQueries(target.points, method, pool)

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate."""
        return Adam(lr=self.method.learning_rate)

    def schedule(self) -> Schedule:
        """Warm-up and cosine as published, or exponential decay."""
        return Exponential(0.005) if self.method.schedule == "exponential" else WarmupCosine()

    @staticmethod
    def in_miniature(method: NeuralPull, points: int) -> NeuralPull:
        """Few queries in a step and in all."""
        return replace(method, batch=points, pool=points)

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective over a batch of the queries."""
        self.field.fade_in(progress)
        chosen = torch.randint(len(self.queries), (self.method.batch,), generator=self.generator)
        parameter = next(self.field.parameters())
        queries = self.queries.points[chosen].to(parameter)
        nearest = self.scan.points[self.queries.nearest[chosen]].to(parameter)
        values, gradients = self.field.value_and_gradient(queries)
        parts = {"pull": pull_loss(values, gradients, queries, nearest, squared=self.method.squared)}
        total = parts["pull"]
        if self.method.eikonal_weight:
            parts["eikonal"] = eikonal_loss(gradients)
            total = total + self.method.eikonal_weight * parts["eikonal"]
        return LossTerms(total, parts)

    def state(self) -> dict[str, Tensor]:
        """The random stream of the batches; the queries are drawn again from the seed."""
        return {"random_batch": self.generator.get_state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.generator.set_state(state["random_batch"])

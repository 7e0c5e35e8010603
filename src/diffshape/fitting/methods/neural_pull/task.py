"""The Neural-Pull objective as a training task.

    L = mean |t - (q - f g / |g|)| + lambda mean (1 - |g|)^2

over a batch of queries q near the scan and their nearest points t in it. Source: Ma, Han, Liu, Zwicker, Neural-Pull,
ICML 2021.
"""

from dataclasses import replace

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.neural_pull.config import NeuralPull
from diffshape.fitting.methods.neural_pull.queries import PullQueries
from diffshape.fitting.methods.started_task import StartedTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import eikonal_loss, pull_loss


class NeuralPullTask(StartedTask[NeuralPull]):
    """Fits ``field`` to queries around a scan that are drawn once; a checkpoint leaves them out, as the seed has
    them."""

    streams = ("batch", "queries", "start")

    def __init__(self, field: Field, target: ScanTarget, method: NeuralPull, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.queries = PullQueries(target.points, method, self.generators["queries"])
        self.spread = self.queries.spread

    @staticmethod
    def in_miniature(method: NeuralPull, points: int) -> NeuralPull:
        """Few queries in a step and in all."""
        return replace(method, batch=points, pool=points)

    def parts(self, progress: float) -> dict[str, Tensor]:
        """What the pull leaves of the distances, and slopes if they have a weight."""
        parameter = next(self.field.parameters())
        chosen = torch.randint(len(self.queries), (self.method.batch,), generator=self.generators["batch"])
        queries = self.queries.points[chosen].to(parameter)
        nearest = self.scan.points[self.queries.nearest[chosen]].to(parameter)
        values, gradients = self.field.value_and_gradient(queries)
        parts = {"pull": pull_loss(values, gradients, queries, nearest, squared=self.method.squared)}
        if self.method.eikonal_weight:
            parts["eikonal"] = eikonal_loss(gradients)
        return parts

    def weights(self) -> dict[str, float]:
        """1 for the pull, and the weight of the settings."""
        return {"pull": 1.0, "eikonal": self.method.eikonal_weight}

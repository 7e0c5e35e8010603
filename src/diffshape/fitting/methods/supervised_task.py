"""A field learns true signed distances, a batch of a pool at a time."""

from dataclasses import replace

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.distance_pool import DistancePool
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.losses import LossTerms, clamped_l1_loss, mape_loss, relative_l2_loss
from diffshape.training import Adam, Exponential, Schedule

DISTANCE_LOSSES = {
    "mape": mape_loss,
    "l1": torch.nn.functional.l1_loss,
    "clamped_l1": clamped_l1_loss,
    "relative_l2": relative_l2_loss,
}
"""Losses of predicted and true distances, by the names of ``Supervised.loss``."""


class SupervisedTask(FitTask):
    """Fits ``field`` to the signed distance of a mesh, in the frame of that distance."""

    def __init__(self, field: Field, target: MeshTarget, method: Supervised, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.method = method
        self.pool = DistancePool(target.distance, method, seed=seed)

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate, or the one that suits the field."""
        return distance_optimizer(self.method, self.field)

    def schedule(self) -> Schedule:
        """Exponential decay to the method's last share."""
        return Exponential(self.method.final)

    @property
    def is_short(self) -> bool:
        """Whether the batch is so small for the field that one thread is enough; other threads compute true
        distances."""
        return self.method.batch <= self.field.single_thread_batch

    @staticmethod
    def in_miniature(method: Supervised, points: int) -> Supervised:
        """Few points a step, and a small pool."""
        return replace(method, batch=points, pool=points, fresh=min(method.fresh, 1))

    def loss(self, step: int, progress: float) -> LossTerms:
        """The chosen loss over a batch of the pool, and the mean error beside it."""
        parameter = next(self.field.parameters())
        points, distances = (each.to(parameter) for each in self.pool.batch(step))
        values = self.field(points)
        total = DISTANCE_LOSSES[self.method.loss](values, distances)
        return LossTerms(total, {self.method.loss: total, "error": (values.detach() - distances).abs().mean()})

    def state(self) -> dict[str, Tensor]:
        """The pool and the random streams."""
        return self.pool.state()

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.pool.load_state(state)


def distance_optimizer(method: Supervised, field: Field) -> Adam:
    """Adam for a field that learns distances, at the method's learning rate or the one that suits the field."""
    return Adam(lr=method.learning_rate or field.learning_rate, betas=(0.9, 0.99), eps=1e-15)

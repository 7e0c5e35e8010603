"""A field learns true signed distances, a batch of a pool at a time."""

import torch
from torch import Tensor

from diffshape.data import SignedDistance
from diffshape.fields import Field
from diffshape.fitting.methods.distance_pool import DistancePool
from diffshape.fitting.methods.supervised import Supervised
from diffshape.losses import LossTerms, clamped_l1_loss, mape_loss, relative_l2_loss
from diffshape.training import Task

DISTANCE_LOSSES = {
    "mape": mape_loss,
    "l1": torch.nn.functional.l1_loss,
    "clamped_l1": clamped_l1_loss,
    "relative_l2": relative_l2_loss,
}
"""Of predictions and true distances, by the names of ``Supervised.loss``."""


class SupervisedTask(Task):
    """Fits ``field`` to the signed distance of a mesh, in the frame of ``distance``."""

    def __init__(self, field: Field, distance: SignedDistance, method: Supervised, *, seed: int) -> None:
        self.field, self.method = field, method
        self.modules = {"field": field}
        self.pool = DistancePool(distance, method, seed=seed)

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

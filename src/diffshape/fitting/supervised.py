"""A field learns true signed distances: batches from a pool of points that is filled and renewed along the way.

True distances cost about as much as learning from them, and a pool that is too small is learnt by heart. So the pool
begins with some, gets new ones every few steps, and when it is full the oldest make room.
"""

import torch
from torch import Tensor

from diffshape.data import SignedDistance
from diffshape.fields import Field
from diffshape.fitting.supervised_config import Supervised
from diffshape.losses import LossTerms, clamped_l1_loss, mape_loss, relative_l2_loss
from diffshape.training import Task

_LOSSES = {
    "mape": mape_loss,
    "l1": torch.nn.functional.l1_loss,
    "clamped_l1": clamped_l1_loss,
    "relative_l2": relative_l2_loss,
}
_FIRST = 131_072
"""Points of a growing pool before the first step."""
_AT_ONCE = 16_384
"""New points computed at a time."""


class SupervisedTask(Task):
    """Fits ``field`` to the signed distance of a mesh, in the frame of ``distance``."""

    def __init__(self, field: Field, distance: SignedDistance, method: Supervised, *, seed: int) -> None:
        self.field, self.distance, self.method = field, distance, method
        self.modules = {"field": field}
        self.generators = {name: torch.Generator().manual_seed(2 * seed + n) for n, name in enumerate(("pool", "batch"))}
        self.samples = torch.zeros(0, 4)  # points and distances
        self.computed = torch.tensor(0)  # how many were, those replaced included

    def loss(self, step: int, progress: float) -> LossTerms:
        """The chosen loss over a batch of the pool, and the mean error beside it."""
        self._renew(step)
        chosen = torch.randint(len(self.samples), (self.method.batch,), generator=self.generators["batch"])
        batch = self.samples[chosen].to(next(self.field.parameters()))
        points, distances = batch[:, :3], batch[:, 3]
        values = self.field(points)
        total = _LOSSES[self.method.loss](values, distances)
        return LossTerms(total, {self.method.loss: total, "error": (values.detach() - distances).abs().mean()})

    def _renew(self, step: int) -> None:
        """Compute what is due before ``step``: the pool's first points, or new ones in whole lots."""
        pool, fresh = self.method.pool, self.method.fresh
        first = min(pool, _FIRST if fresh else pool)
        lot = min(pool, max(fresh, _AT_ONCE))
        due = first + (step * fresh // lot * lot if fresh else 0)
        while (computed := int(self.computed)) < due:
            count = first if computed == 0 else lot
            new = self._draw(count)
            place = computed % pool
            self.samples = torch.cat([self.samples, new[: pool - len(self.samples)]])
            ...

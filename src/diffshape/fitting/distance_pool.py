"""Batches of true signed distances, from a pool of points that is filled and renewed along the way.

True distances cost about as much as learning from them, and a pool that is too small is learnt by heart. So the pool
begins with some, gets new ones every few steps, and when it is full the oldest make room.
"""

import torch
from torch import Tensor

from diffshape.data import SignedDistance
from diffshape.data.signed_distance import DistanceSamples
from diffshape.fitting.supervised_config import Supervised

_FIRST = 131_072
"""Points of a growing pool before the first step."""
_LOT = 16_384
"""New points computed at a time, or more."""


class DistancePool:
    """Points and distances of one shape, ``method.pool`` at most; 16 bytes each.

    Args:
        distance: The shape.
        method: How points are sampled, how many are kept, how many are new in a step, and how many make a batch.
        seed: Of points and batches; the same seed gives the same bits.
    """

    def __init__(self, distance: SignedDistance, method: Supervised, *, seed: int) -> None:
        self.distance, self.method = distance, method
        self.pool_generator, self.batch_generator = (torch.Generator().manual_seed(2 * seed + n) for n in (0, 1))
        self.samples = torch.empty(method.pool, 4)
        """Points and distances, the oldest overwritten once it is full."""
        self.computed = 0
        """How many were computed, those overwritten included."""

    def batch(self, step: int) -> DistanceSamples:
        """The batch of ``step``, after what new points are due."""
        while count := self._due(step):
            self._compute(count)
        filled = min(self.computed, self.method.pool)
        chosen = torch.randint(filled, (self.method.batch,), generator=self.batch_generator)
        points, distances = self.samples[chosen].split([3, 1], dim=1)
        return DistanceSamples(points, distances[:, 0])

    def _due(self, step: int) -> int:
        """How many points to compute before ``step``: the first ones, or a lot for many steps at once."""
        pool, fresh = self.method.pool, self.method.fresh
        first = min(pool, _FIRST) if fresh else pool
        if self.computed == 0:
            return first
        lot = max(fresh, min(pool, _LOT))
        return lot if fresh and self.computed + lot <= first + step * fresh else 0

    def _compute(self, count: int) -> None:
        method = self.method
        near, surface = round(method.near * count), round(method.surface * count)
        new = self.distance.sample(
            near=near,
            surface=surface,
            uniform=count - near - surface,
            sigma=method.sigma,
            perturbation=method.perturbation,
            generator=self.pool_generator,
        )
        rows = torch.arange(self.computed, self.computed + count) % method.pool
        self.samples[rows] = torch.cat([new.points, new.distances[:, None]], dim=1)
        self.computed += count

    def state(self) -> dict[str, Tensor]:
        """The points and the random streams."""
        return {
            "samples": self.samples[: self.computed],
            "computed": torch.tensor(self.computed),
            "random_pool": self.pool_generator.get_state(),
            "random_batch": self.batch_generator.get_state(),
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.samples[: len(state["samples"])] = state["samples"]
        self.computed = int(state["computed"])
        self.pool_generator.set_state(state["random_pool"])
        self.batch_generator.set_state(state["random_batch"])

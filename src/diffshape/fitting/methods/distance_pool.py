"""Batches of true signed distances, from a pool of points that is filled and renewed along the way.

True distances cost about as much as learning from them, and a pool that is too small is overfitted. So the pool begins
with some points, gets new ones every few steps, and replaces the oldest when it is full. New points are computed in
another thread while earlier steps run; neither which points they are nor when they are added depends on timing.
"""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import torch
from torch import Tensor

from diffshape.data import SignedDistance
from diffshape.data.signed_distance import DistanceSamples
from diffshape.fitting.methods.supervised import Supervised

_FIRST = 65_536
"""Number of points in a growing pool before the first step."""
_LOT = 16_384
"""Least number of new points that are computed at a time."""


class DistancePool:
    """Points and distances of one shape, ``method.pool`` at most; 16 bytes each.

    Args:
        distance: The shape.
        method: How points are sampled, how many are kept, how many are new in a step, and how many make a batch.
        seed: Seed of points and batches; the same seed gives the same bits.
    """

    def __init__(self, distance: SignedDistance, method: Supervised, *, seed: int) -> None:
        self.distance, self.method = distance, method
        self.pool_generator, self.batch_generator = (torch.Generator().manual_seed(2 * seed + n) for n in (0, 1))
        self.samples = torch.empty(method.pool, 4)
        """Points and distances, the oldest overwritten once it is full."""
        self.computed = 0
        """Number of points computed so far, those overwritten included."""
        self._ahead: Future[Tensor] | None = None
        self._before_ahead = self.pool_generator.get_state()

    def batch(self, step: int) -> DistanceSamples:
        """The batch of ``step``; new points that are due by then are added first."""
        if self.computed == 0:
            self._add(self._new(min(self.method.pool, _FIRST) if self.method.fresh else self.method.pool))
        while self._is_due(step):
            ahead = self._ahead or self._begin_lot()
            self._add(ahead.result())
            self._begin_lot()
        filled = min(self.computed, self.method.pool)
        chosen = torch.randint(filled, (self.method.batch,), generator=self.batch_generator)
        points, distances = self.samples.index_select(0, chosen).split([3, 1], dim=1)
        return DistanceSamples(points, distances[:, 0])

    @property
    def _lot(self) -> int:
        return max(self.method.fresh, min(self.method.pool, _LOT))

    def _is_due(self, step: int) -> bool:
        """Whether another lot is due before ``step``, so that ``fresh`` new points come on average in a step."""
        pool, fresh = self.method.pool, self.method.fresh
        return fresh > 0 and self.computed + self._lot <= min(pool, _FIRST) + step * fresh

    def _begin_lot(self) -> Future[Tensor]:
        """Let another thread compute the next lot."""
        self._before_ahead = self.pool_generator.get_state()
        self._ahead = _background(os.getpid()).submit(self._new, self._lot)
        return self._ahead

    def _new(self, count: int) -> Tensor:
        """New points and their distances, (count, 4)."""
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
        return torch.cat([new.points, new.distances[:, None]], dim=1)

    def _add(self, new: Tensor) -> None:
        self.samples[torch.arange(self.computed, self.computed + len(new)) % self.method.pool] = new
        self.computed += len(new)

    def state(self) -> dict[str, Tensor]:
        """The points and the random streams; a lot that is still being computed is left out, and computed again
        later."""
        random_pool = self._before_ahead if self._ahead else self.pool_generator.get_state()
        return {
            "samples": self.samples[: self.computed],
            "computed": torch.tensor(self.computed),
            "random_pool": random_pool,
            "random_batch": self.batch_generator.get_state(),
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.samples[: len(state["samples"])] = state["samples"]
        self.computed = int(state["computed"])
        self._ahead, self.pool_generator = None, torch.Generator()
        self.pool_generator.set_state(state["random_pool"])
        self.batch_generator.set_state(state["random_batch"])


@lru_cache(maxsize=1)
def _background(process: int) -> ThreadPoolExecutor:
    """The threads of a process; they do not survive a fork."""
    return ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="distances")

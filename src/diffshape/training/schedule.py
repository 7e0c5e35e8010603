"""Budgets, how long to train; and schedules, how the learning rate changes along the way.

A budget turns (steps made, seconds spent) into one number, the progress, from 0 at the start to 1 when it is spent.
Schedules are pure functions of that number, so the same one serves 600 steps, 40,000 steps or half a minute.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from diffshape._bounds import check_number
from diffshape._typed import check_settings


@dataclass(frozen=True)
class Steps:
    """A budget of optimiser steps: the run is then deterministic.

    >>> Steps(200).progress(step=50, seconds=3.0)
    0.25
    """

    count: int

    def __post_init__(self) -> None:
        check_settings(self)
        if self.count < 1 or self.count != int(self.count):
            raise ValueError(f"Steps: count must be a whole number of at least 1, got {self.count}")

    def progress(self, step: int, seconds: float) -> float:
        """Share of the budget spent after ``step`` steps, in [0, 1]."""
        return min(1.0, step / self.count)


@dataclass(frozen=True)
class Seconds:
    """A budget of wall-clock seconds, checkpoints and observers included; a run ends with the step that exceeds it.

    >>> Seconds(30).progress(step=50, seconds=3.0)
    0.1
    """

    count: float

    def __post_init__(self) -> None:
        check_number("Seconds: count", self.count, 0, above=True)

    def progress(self, step: int, seconds: float) -> float:
        """Share of the budget spent after ``seconds`` seconds, in [0, 1]."""
        return min(1.0, seconds / self.count)


Budget: TypeAlias = Steps | Seconds
Schedule: TypeAlias = Callable[[float], float]
"""Function from the progress in [0, 1] to the factor of every learning rate."""


@dataclass(frozen=True)
class Constant:
    """The learning rate as it is."""

    def __call__(self, progress: float) -> float:
        """1 at any progress."""
        return 1.0


@dataclass(frozen=True)
class WarmupCosine:
    """Linear from 0 to 1 over the first ``warmup`` of the budget, then half a cosine down to ``final``.

    The defaults are the schedule of DiffCD (Härenstam-Nielsen et al., ECCV 2024): 1000 of 40,000 steps, then down to 0.

    >>> schedule = WarmupCosine(warmup=0.2, final=0.1)
    >>> [round(schedule(progress), 3) for progress in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [0.0, 0.5, 1.0, 0.55, 0.1]
    """

    warmup: float = 0.025
    final: float = 0.0

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 <= self.warmup < 1:
            raise ValueError(f"WarmupCosine: warmup is a share of the budget in [0, 1), got {self.warmup}")
        _check_final("WarmupCosine", self.final, self.final >= 0)

    def __call__(self, progress: float) -> float:
        """The factor at ``progress`` in [0, 1]."""
        if progress < self.warmup:
            return progress / self.warmup
        fall = (progress - self.warmup) / (1 - self.warmup)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * fall))


@dataclass(frozen=True)
class Exponential:
    """final ** progress: from 1 down to ``final`` by the same ratio in every step.

    >>> [round(Exponential(final=0.01)(progress), 3) for progress in (0.0, 0.5, 1.0)]
    [1.0, 0.1, 0.01]
    """

    final: float = 0.03

    def __post_init__(self) -> None:
        check_settings(self)
        _check_final("Exponential", self.final, self.final > 0)

    def __call__(self, progress: float) -> float:
        """The factor at ``progress`` in [0, 1]."""
        return self.final**progress


@dataclass(frozen=True)
class Halving:
    """Half the rate after every share ``every`` of the budget, 0.5 ** n after n of them, as IGR and DeepSDF have it.

    >>> [Halving(every=0.25)(progress) for progress in (0.0, 0.2, 0.25, 0.9)]
    [1.0, 1.0, 0.5, 0.125]
    """

    every: float

    def __post_init__(self) -> None:
        check_settings(self)
        check_number("Halving: every", self.every, 0, above=True)

    def __call__(self, progress: float) -> float:
        """The factor at ``progress`` in [0, 1]."""
        return 0.5 ** int(progress / self.every)


def _check_final(schedule: str, final: float, above: bool) -> None:
    if not (above and final <= 1):
        raise ValueError(f"{schedule}: final is a share of the learning rate, at most 1 and above 0, got {final}")


def clock_time(seconds: float) -> str:
    """Seconds as people read them.

    >>> clock_time(7.2), clock_time(65), clock_time(7384)
    ('0:07', '1:05', '2:03:04')
    """
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"

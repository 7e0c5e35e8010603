"""Everything that a training on a set of shapes depends on beside its config: a frozen dataclass without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.shape_sources import SHAPE_SOURCES, DrawnFamily, ShapeSource
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class ShapeSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``.

    A subclass adds its ``config`` and has steps by default.
    """

    KINDS: ClassVar[Mapping[str, type]] = SHAPE_SOURCES

    data: ShapeSource | None = field(default_factory=DrawnFamily)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    steps: int | None = None
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of all that is drawn: shapes, points, weights, batches, codes."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

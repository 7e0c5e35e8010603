"""Everything that the training of an Occupancy Network depends on: plain frozen dataclasses without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.occupancy.config import STEPS, OccupancyConfig
from diffshape.models.shape_sources import SHAPE_SOURCES, DrawnFamily, ShapeSource
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class OccupancySettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train occupancy"
    TITLE: ClassVar[str] = "Occupancy Network training"
    KINDS: ClassVar[Mapping[str, type]] = SHAPE_SOURCES

    data: ShapeSource | None = field(default_factory=DrawnFamily)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    config: OccupancyConfig = field(default_factory=OccupancyConfig)
    """Networks, loss and sampling."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of shapes, points, weights, batches and codes."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

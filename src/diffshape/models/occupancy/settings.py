"""Everything that the training of an Occupancy Network depends on: plain frozen dataclasses without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.occupancy.config import STEPS, OccupancyConfig
from diffshape.models.shape_settings import ShapeSettings


@dataclass(frozen=True, kw_only=True)
class OccupancySettings(ShapeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train occupancy"
    TITLE: ClassVar[str] = "Occupancy Network training"

    config: OccupancyConfig = field(default_factory=OccupancyConfig)
    """Networks, loss and sampling."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

"""Everything that one PSGN training depends on: plain frozen dataclasses without torch, as YAML keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.psgn.config import STEPS, PSGNConfig
from diffshape.models.shape_sources import SHAPE_SOURCES, DrawnFamily, ShapeSource
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class PSGNSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train psgn"
    TITLE: ClassVar[str] = "PSGN training"
    KINDS: ClassVar[Mapping[str, type]] = SHAPE_SOURCES

    data: ShapeSource | None = field(default_factory=DrawnFamily)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    config: PSGNConfig = field(default_factory=PSGNConfig)
    """Network, scheme and loss."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of shapes, weights, batches and random vectors."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

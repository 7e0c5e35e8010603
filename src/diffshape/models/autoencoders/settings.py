"""Everything that the training of an autoencoder depends on: a plain frozen dataclass without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.autoencoders.point_net_config import STEPS, PointNetConfig
from diffshape.models.shape_sources import SHAPE_SOURCES, DrawnFamily, ShapeSource
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train autoencoder"
    TITLE: ClassVar[str] = "autoencoder training"
    KINDS: ClassVar[Mapping[str, type]] = SHAPE_SOURCES

    data: ShapeSource | None = field(default_factory=DrawnFamily)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    config: PointNetConfig = field(default_factory=PointNetConfig)
    """Network, loss and batches."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of shapes, weights and batches."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

"""Everything that a training from images to codes depends on: a plain frozen dataclass without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.generative.settings import TrainedAutoencoder
from diffshape.models.imnet.images.config import STEPS, ImNetImagesConfig
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class ImNetImagesSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train imnet-images"
    TITLE: ClassVar[str] = "IM-NET training on images"
    KINDS: ClassVar[Mapping[str, type]] = {}

    data: TrainedAutoencoder | None = None
    """Run folder of the autoencoder; None for an autoencoder and shapes that were given in Python."""
    config: ImNetImagesConfig = field(default_factory=ImNetImagesConfig)
    """Network and batches."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of weights, batches and views."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

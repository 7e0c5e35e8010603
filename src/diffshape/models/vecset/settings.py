"""Everything that the training of a vector-set autoencoder depends on: plain frozen dataclasses without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.shape_settings import ShapeSettings
from diffshape.models.vecset.config import STEPS, VecSetConfig


@dataclass(frozen=True, kw_only=True)
class VecSetSettings(ShapeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train vecset"
    TITLE: ClassVar[str] = "vector-set training"

    config: VecSetConfig = field(default_factory=VecSetConfig)
    """Networks, loss and sampling."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

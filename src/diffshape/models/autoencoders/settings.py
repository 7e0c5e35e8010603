"""Everything that the training of an autoencoder depends on: a plain frozen dataclass without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.autoencoders.point_net_config import STEPS, PointNetConfig
from diffshape.models.shape_settings import ShapeSettings


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(ShapeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train autoencoder"
    TITLE: ClassVar[str] = "autoencoder training"

    config: PointNetConfig = field(default_factory=PointNetConfig)
    """Network, loss and batches."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

"""Everything that the training of an IM-NET depends on: plain frozen dataclasses without torch, as YAML keeps them."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.imnet.config import STEPS, ImNetConfig
from diffshape.models.shape_settings import ShapeSettings


@dataclass(frozen=True, kw_only=True)
class ImNetSettings(ShapeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train imnet"
    TITLE: ClassVar[str] = "IM-NET training"

    config: ImNetConfig = field(default_factory=ImNetConfig)
    """Networks, stages and sampling."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

"""Everything that one PSGN training depends on: plain frozen dataclasses without torch, as YAML keeps them."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.psgn.config import STEPS, PSGNConfig
from diffshape.models.shape_settings import ShapeSettings


@dataclass(frozen=True, kw_only=True)
class PSGNSettings(ShapeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train psgn"
    TITLE: ClassVar[str] = "PSGN training"

    config: PSGNConfig = field(default_factory=PSGNConfig)
    """Network, scheme and loss."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

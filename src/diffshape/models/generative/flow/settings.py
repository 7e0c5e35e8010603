"""Everything that the training of a flow depends on: a plain frozen dataclass without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.generative.flow.config import STEPS, FlowConfig
from diffshape.models.generative.settings import CodeSettings


@dataclass(frozen=True, kw_only=True)
class FlowSettings(CodeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train flow"
    TITLE: ClassVar[str] = "flow training"

    config: FlowConfig = field(default_factory=FlowConfig)
    """Network, batches and solver."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

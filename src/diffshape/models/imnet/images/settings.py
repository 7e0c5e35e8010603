"""Everything that a training from images to codes depends on: a plain frozen dataclass without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.generative.settings import CodeSettings
from diffshape.models.imnet.images.config import STEPS, ImNetImagesConfig


@dataclass(frozen=True, kw_only=True)
class ImNetImagesSettings(CodeSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train imnet-images"
    TITLE: ClassVar[str] = "IM-NET training on images"

    config: ImNetImagesConfig = field(default_factory=ImNetImagesConfig)
    """Network and batches."""
    steps: int | None = STEPS
    """Optimiser steps; None with a budget of seconds."""

"""Everything that an adversarial training depends on: plain frozen dataclasses without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.generative.adversarial.config import LATENT_STEPS, RAW_STEPS, LatentGANConfig, RawGANConfig
from diffshape.models.generative.settings import CodeSettings
from diffshape.models.shape_settings import ShapeSettings


@dataclass(frozen=True, kw_only=True)
class RawGANSettings(ShapeSettings):
    """One training of a GAN of clouds; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train raw-gan"
    TITLE: ClassVar[str] = "raw GAN training"

    config: RawGANConfig = field(default_factory=RawGANConfig)
    """Objective, networks and batches."""
    steps: int | None = RAW_STEPS
    """Updates of generator and critic together; None with a budget of seconds."""


@dataclass(frozen=True, kw_only=True)
class LatentGANSettings(CodeSettings):
    """One training of a GAN of codes; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train latent-gan"
    TITLE: ClassVar[str] = "latent GAN training"

    config: LatentGANConfig = field(default_factory=LatentGANConfig)
    """Objective, networks and batches."""
    steps: int | None = LATENT_STEPS
    """Updates of generator and critic together; None with a budget of seconds."""

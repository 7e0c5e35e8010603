"""Everything that an adversarial training depends on: plain frozen dataclasses without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.generative.adversarial.config import LATENT_STEPS, RAW_STEPS, LatentGANConfig, RawGANConfig
from diffshape.models.generative.settings import TrainedAutoencoder
from diffshape.models.shape_sources import SHAPE_SOURCES, DrawnFamily, ShapeSource
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class RawGANSettings(RunSettings):
    """One training of a GAN of clouds; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train raw-gan"
    TITLE: ClassVar[str] = "raw GAN training"
    KINDS: ClassVar[Mapping[str, type]] = SHAPE_SOURCES

    data: ShapeSource | None = field(default_factory=DrawnFamily)
    """Shapes to learn from and to be tested on; None for shapes that were given in Python and are in no file."""
    config: RawGANConfig = field(default_factory=RawGANConfig)
    """Objective, networks and batches."""
    steps: int | None = RAW_STEPS
    """Updates of generator and critic together; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of shapes, weights, noise and batches."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()


@dataclass(frozen=True, kw_only=True)
class LatentGANSettings(RunSettings):
    """One training of a GAN of codes; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train latent-gan"
    TITLE: ClassVar[str] = "latent GAN training"
    KINDS: ClassVar[Mapping[str, type]] = {}

    data: TrainedAutoencoder | None = None
    """Run folder of the autoencoder; None for an autoencoder and shapes that were given in Python."""
    config: LatentGANConfig = field(default_factory=LatentGANConfig)
    """Objective, networks and batches."""
    steps: int | None = LATENT_STEPS
    """Updates of generator and critic together; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of weights, noise and batches."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

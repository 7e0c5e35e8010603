"""Everything that a mixture of codes depends on: a plain frozen dataclass without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.models.generative.mixture.config import ROUNDS, MixtureConfig
from diffshape.models.generative.settings import TrainedAutoencoder
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class MixtureSettings(RunSettings):
    """One fit of a mixture, complete."""

    VERB: ClassVar[str] = "train mixture"
    TITLE: ClassVar[str] = "mixture training"
    KINDS: ClassVar[Mapping[str, type]] = {}

    data: TrainedAutoencoder | None = None
    """Run folder of the autoencoder; None for an autoencoder and shapes that were given in Python."""
    config: MixtureConfig = field(default_factory=MixtureConfig)
    """Number and smoothness of the Gaussians."""
    steps: int | None = ROUNDS
    """Rounds of expectation-maximisation at most; fewer are made once the likelihood hardly rises."""
    seconds: None = None
    """Always None: the rounds are counted."""
    seed: int = 0
    """Seed of the Gaussians to begin with."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

"""Everything that a mixture of codes depends on: a plain frozen dataclass without torch."""

from dataclasses import dataclass, field
from typing import ClassVar

from diffshape.models.generative.mixture.config import ROUNDS, MixtureConfig
from diffshape.models.generative.settings import CodeSettings


@dataclass(frozen=True, kw_only=True)
class MixtureSettings(CodeSettings):
    """One fit of a mixture, complete."""

    VERB: ClassVar[str] = "train mixture"
    TITLE: ClassVar[str] = "mixture training"

    config: MixtureConfig = field(default_factory=MixtureConfig)
    """Number and smoothness of the Gaussians."""
    steps: int | None = ROUNDS
    """Rounds of expectation-maximisation at most; fewer are made once the likelihood hardly rises."""
    seconds: None = None
    """Always None: the rounds are counted."""

"""Everything that a training on the codes of an autoencoder depends on beside its config: dataclasses without torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from diffshape._typed import check_settings
from diffshape.training.run_settings import RunSettings


@dataclass(frozen=True, kw_only=True)
class TrainedAutoencoder:
    """A finished training of an autoencoder; the codes of the shapes that it learnt from are what is learnt."""

    folder: str
    """Path of its run folder."""

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True, kw_only=True)
class CodeSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``.

    A subclass adds its ``config`` and has steps by default.
    """

    KINDS: ClassVar[Mapping[str, type]] = {}

    data: TrainedAutoencoder | None = None
    """Run folder of the autoencoder; None for an autoencoder and shapes that were given in Python."""
    steps: int | None = None
    """Optimiser steps; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of all that is drawn: weights, noise, batches."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

"""Everything that the training of the scan prior depends on: plain frozen dataclasses without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from diffshape._bounds import check_whole
from diffshape._typed import check_settings
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.training.run_settings import RunSettings

SCANS = 1_200
"""Default number of drawn scans to learn from."""
STEPS = 60_000
"""Default number of training steps, those of all passes."""
BYTES_EACH = 3_000_000
"""Memory of what is kept of a drawn scan, on average; 2,200,000 measured."""


@dataclass(frozen=True, kw_only=True)
class DrawnScans:
    """Parts of scans of solids, all drawn at random."""

    scans: int = SCANS
    """Number of drawn scans to learn from."""
    test_scans: int = 60
    """Number of other drawn scans to be tested on."""

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("scans", "test_scans"):
            check_whole(f"DrawnScans: {name}", getattr(self, name), 1)


@dataclass(frozen=True, kw_only=True)
class ScanPriorSettings(RunSettings):
    """One training, complete; its budget is ``steps`` or ``seconds``, the other one ``None``."""

    VERB: ClassVar[str] = "train scan-prior"
    TITLE: ClassVar[str] = "scan prior training"
    KINDS: ClassVar[Mapping[str, type]] = {}

    data: DrawnScans = field(default_factory=DrawnScans)
    """Scans to learn from and to be tested on."""
    config: PriorConfig = field(default_factory=PriorConfig)
    """Networks and their training."""
    steps: int | None = STEPS
    """Optimiser steps of all passes; None with a budget of seconds."""
    seconds: float | None = None
    """Seconds of optimisation; None with a budget of steps."""
    seed: int = 0
    """Seed of scans, weights and batches."""

    def __post_init__(self) -> None:
        check_settings(self)
        self.check_budget()

"""``diffshape train scan-prior``: scans of solids, all drawn at random, become the prior that cleans scans."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffshape._bounds import check_fits
from diffshape.cli.errors import usage_errors
from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import TrainOptions, check_options
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.training.settings import BYTES_EACH, SCANS, STEPS, DrawnScans, ScanPriorSettings

if TYPE_CHECKING:
    from diffshape.fitting.scans.prior.scan_prior import ScanPrior
    from diffshape.fitting.scans.prior.training.drawn_crops import DrawnCrop

_FILES = {
    "model/": "the weights of the prior, with the versions of drawing and training",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainScanPrior(TrainOptions):
    """Train the prior that diffshape clean cleans with, on scans of solids that are drawn at random; reads no file."""

    scans: int = SCANS
    """Number of drawn scans to learn from; each takes about a second of a core."""
    test_scans: int = 60
    """Number of other drawn scans to be tested on."""
    steps: OptionalInt = None
    """Optimiser steps of all passes; 60000 unless --seconds is given."""
    config: PriorConfig = field(default_factory=PriorConfig)
    """Networks and their training."""


def run(arguments: TrainScanPrior) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=_name, counts=_counts, score=_score, files=_FILES)
    return run_command(command, arguments, _settings(arguments))


def _settings(arguments: TrainScanPrior) -> ScanPriorSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    check_options(arguments)
    if arguments.resume is not None:
        return ScanPriorSettings()
    with usage_errors():
        check_fits("--scans", arguments.scans, BYTES_EACH)
        check_fits("--test-scans", arguments.test_scans, BYTES_EACH)
        return ScanPriorSettings(
            data=DrawnScans(scans=arguments.scans, test_scans=arguments.test_scans),
            config=arguments.config,
            steps=arguments.steps_or(STEPS),
            seconds=arguments.seconds,
            seed=arguments.seed,
        )


def _name(data: DrawnScans) -> str:
    return f"{data.scans}-scans"


def _counts(learn: Sequence["DrawnCrop"], test: Sequence["DrawnCrop"]) -> str:
    return f"{len(learn)} drawn scans to learn from, {len(test)} to be tested on"


def _score(
    folder: Path,
    prior: "ScanPrior",
    settings: ScanPriorSettings,
    learn: Sequence["DrawnCrop"],
    test: Sequence["DrawnCrop"],
) -> tuple[str, dict[str, Any]]:
    """Score the prior on the test scans."""
    from diffshape.fitting.scans.prior.clean import cleaned
    from diffshape.fitting.scans.prior.training.score import score_scan_prior

    score = score_scan_prior(partial(cleaned, prior), test)
    return str(score), {"score": score.to_dict()}

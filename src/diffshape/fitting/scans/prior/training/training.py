"""Training of the scan prior, and what makes its task from settings and crops of scans."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from diffshape._arguments import check, checked
from diffshape._bounds import check_fits
from diffshape.fitting.scans.prior.config import PriorConfig
from diffshape.fitting.scans.prior.scan_prior import ScanPrior
from diffshape.fitting.scans.prior.training.drawn_crops import DrawnCrop, drawn_crops
from diffshape.fitting.scans.prior.training.settings import BYTES_EACH, SCANS, STEPS, DrawnScans, ScanPriorSettings
from diffshape.fitting.scans.prior.training.task import ScanPriorTask
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_scan_prior(
    config: PriorConfig | None = None,
    *,
    scans: int = SCANS,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[ScanPrior]:
    """Learn from drawn scans what surfaces look like: the prior that ``clean_scan`` cleans with, trained again.

    Solids are drawn at random and scanned as in practice: sparse or dense, uneven, noisy in several ways, with stray
    points, views and holes. Of each scan a part is kept, with the true surface around it. No file is read.

    Args:
        config: Networks and their training; ``PriorConfig()`` if not given.
        scans: Number of scans that are drawn to learn from, at least 1; each takes about a second of a core.
        steps: Optimiser steps of all passes; with them a training is deterministic on one CPU with one number of
            threads. 60,000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out. It begins when the scans are
            drawn.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of scans, weights and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the weights here, those in ``model/``;
            ``models.resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is the prior.

    Raises:
        ValueError: Steps and seconds are both given, a number is out of range, the folder already holds a run, or the
            device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from diffshape import fitting
    >>> fitting.train_scan_prior(scans=1, steps=2).step
    2
    """
    check_fits("train_scan_prior: scans", scans, BYTES_EACH)
    return begin_training(
        "train_scan_prior",
        SCAN_PRIOR_TRAINING,
        lambda: _crops_to_learn_from(scans, seed),
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        data=DrawnScans(scans=scans),
        config=config or PriorConfig(),
    )


def scan_prior_crops(data: DrawnScans, *, seed: int = 0) -> tuple[list[DrawnCrop], list[DrawnCrop]]:
    """Crops to learn from, and others to be tested on."""
    return _crops_to_learn_from(data.scans, seed), drawn_crops(data.test_scans, (seed, 1))


def prepared(settings: ScanPriorSettings, crops: Any) -> TaskMaker[ScanPrior]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: The crops are none.
    """
    check("train_scan_prior: data", Sequence[DrawnCrop], crops)
    return partial(_new_task, settings, crops)


def _crops_to_learn_from(scans: int, seed: int) -> list[DrawnCrop]:
    return drawn_crops(scans, (seed, 0))


def _new_task(settings: ScanPriorSettings, crops: Sequence[DrawnCrop], device: torch.device) -> ScanPriorTask:
    return ScanPriorTask(ScanPrior(settings.config).to(device), crops, seed=settings.seed)


SCAN_PRIOR_TRAINING = TrainingKind(ScanPriorSettings, scan_prior_crops, prepared)
"""The row of the table of trainings."""

"""The beginning of a training from Python, the same for every model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from diffshape._bounds import check_budget
from diffshape.training.device import chosen_device
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, run_training
from diffshape.training.parallel import processes
from diffshape.training.progress import with_progress
from diffshape.training.run_folder import refuse_begun
from diffshape.training.run_settings import steps_or


def begin_training(
    name: str,
    training: TrainingKind,
    examples: Callable[[], Any],
    /,
    *,
    usual: int,
    steps: int | None,
    seconds: float | None,
    seed: int,
    device: torch.device | str,
    folder: str | Path | None,
    progress: bool | None,
    observers: Sequence[Observer],
    **settings: Any,
) -> TrainingResult[Any]:
    """Check the arguments, lay out the settings, and train.

    Args:
        name: Public function that was called, for errors and progress.
        training: Row of the table of trainings.
        examples: Function that gives what is learnt from; it is called once the other arguments are known to be right.
        usual: Steps if neither steps nor seconds are given.
        steps: Optimiser steps.
        seconds: Wall-clock budget of the optimisation.
        seed: Seed of all that is drawn.
        device: Where to compute.
        folder: The run folder, new or empty; none if ``None``.
        progress: Show the progress or not; on a terminal and in a notebook if not given.
        observers: Called after each step.
        settings: Settings of this training alone, by name; ``data`` is ``None`` unless it is one of them.

    Raises:
        ValueError: Steps and seconds are both given, a number is out of range, the folder already holds a run, the
            examples do not suit, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    check_budget(name, steps=steps, seconds=seconds, seed=seed)
    chosen = chosen_device(device, argument=f"{name}: device")
    if processes().is_first:  # the others would find what it has begun
        refuse_begun(folder)
    budget = {"steps": steps_or(usual, steps, seconds), "seconds": seconds, "seed": seed}
    laid_out = training.settings(**{"data": None, **settings, **budget})
    make = training.prepare(laid_out, examples())
    with with_progress(f"{name} on {chosen}", progress, observers) as heard:
        return run_training(laid_out, make, folder, device=chosen, observers=heard)

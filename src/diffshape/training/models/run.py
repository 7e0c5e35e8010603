"""The run of a training: the same for every model, from the start or from a folder.

The folder is that of any run, and has the final model in model/, as the model's ``save`` writes it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch

from diffshape.training.loop import StepReport
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.task import ModelTask
from diffshape.training.parallel import processes, share_statistics
from diffshape.training.randomness import own_randomness
from diffshape.training.run import train_run
from diffshape.training.run_folder import MODEL_FOLDER, RunFolder
from diffshape.training.run_settings import RunSettings

Observer = Callable[[StepReport], None]
Model = TypeVar("Model")
TaskMaker = Callable[[torch.device], ModelTask[Model]]
"""A function that makes the task of a training, with fresh weights, on a device."""


def run_training(
    settings: RunSettings,
    make: TaskMaker[Model],
    folder: str | Path | None,
    *,
    resume: bool = False,
    device: torch.device,
    observers: Sequence[Observer],
) -> TrainingResult[Model]:
    """Train a model.

    Args:
        settings: Everything that the training depends on besides its examples.
        make: Function that makes the task of the training.
        folder: Keep config.yaml, environment.json, log.csv, checkpoints and the final model here; nowhere if ``None``.
        resume: Go on with the training in ``folder``, which has these settings, from its newest checkpoint.
        device: Where to compute.
        observers: Called after each step.

    Raises:
        ValueError: The folder already holds a run that is not to be resumed, another process is at work in it, or the
            training to be resumed had other examples.
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    if folder is None:
        return _run(settings, make, None, False, device, observers)
    run = RunFolder(Path(folder))
    if not processes().is_first:  # which only reads what the first one writes
        return _run(settings, make, run, resume, device, observers)
    with run.only_here():
        if not resume:
            run.begin(settings)
        return _run(settings, make, run, resume, device, observers)


def _run(
    settings: RunSettings,
    make: TaskMaker[Model],
    run: RunFolder | None,
    resume: bool,
    device: torch.device,
    observers: Sequence[Observer],
) -> TrainingResult[Model]:
    with own_randomness(device, seed=settings.seed):  # for weights and dropout
        task = make(device)
        for module in task.modules.values():
            share_statistics(module)
        outcome = train_run(task, settings, run, resume=resume, observers=observers)
    model: Any = task.trained()
    if run is not None and not outcome.interrupted and processes().is_first:
        model.save(run.path / MODEL_FOLDER)
    return TrainingResult(model=model, settings=settings, outcome=outcome, folder=run.path if run else None)

"""The run of a fit: field, task, training loop, result; the same for every method, from the start or from a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from diffshape.fields import FeatureGrid, Field, HashGrid, build_field
from diffshape.fitting.config import DiffCD
from diffshape.fitting.diffcd import DiffCDTask
from diffshape.fitting.mesh_target import MeshTarget
from diffshape.fitting.result import FitResult, field_bounds
from diffshape.fitting.run_folder import Fit, RunFolder
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.supervised import SupervisedTask
from diffshape.fitting.supervised_config import Supervised
from diffshape.training import (
    Adam,
    Budget,
    CsvLog,
    Exponential,
    Schedule,
    Seconds,
    StepReport,
    Steps,
    Task,
    WarmupCosine,
    train,
)

Observer = Callable[[StepReport], None]
_GRID_RATE, _NETWORK_RATE = 1e-2, 5e-4


def resume_fit(
    folder: str | Path, *, device: torch.device | str | None = None, observers: Sequence[Observer] = ()
) -> FitResult:
    """Go on with the fit in ``folder`` from its newest checkpoint; with a budget of steps it ends with the same bits.

    Raises:
        ValueError: The folder holds no fit, or its files are damaged.
    """
    run = RunFolder(Path(folder))
    return _run(run.read(), run, True, device, observers)


def run_fit(
    fit: Fit, folder: str | Path | None, *, device: torch.device | str | None, observers: Sequence[Observer]
) -> FitResult:
    """Run a fit from its start, in a folder if there is one.

    Raises:
        ValueError: The folder already holds a fit.
    """
    run = RunFolder(Path(folder)) if folder is not None else None
    if run is not None:
        run.begin(fit)
    return _run(fit, run, False, device, observers)


def _run(
    fit: Fit, run: RunFolder | None, resume: bool, device: torch.device | str | None, observers: Sequence[Observer]
) -> FitResult:
    settings = fit.settings
    field = build_field(settings.field, generator=torch.Generator().manual_seed(settings.seed)).to(device or "cpu")
    optimizer, schedule = optimization(settings, field)
    outcome = train(
        _task(fit, field),
        budget=budget_of(settings),
        optimizer=optimizer,
        schedule=schedule,
        checkpoints=run.checkpoints if run else None,
        resume=resume,
        observers=[*observers, CsvLog(run.log)] if run else observers,
    )
    result = FitResult(
        field=field,
        frame=fit.frame,
        target=fit.target,
        settings=settings,
        step=outcome.step,
        seconds=outcome.seconds,
        interrupted=outcome.interrupted,
        notes=fit.notes,
        folder=run.path if run else None,
        as_torch=fit.as_torch,
    )
    if run is not None and not outcome.interrupted:
        run.write_result(result)
    return result


def _task(fit: Fit, field: Field) -> Task:
    method, seed = fit.settings.method, fit.settings.seed
    if isinstance(fit.target, MeshTarget):
        assert isinstance(method, Supervised)
        return SupervisedTask(field, fit.target.distance, method, seed=seed)
    assert isinstance(method, DiffCD)
    return DiffCDTask(field, fit.target, method, bounds=field_bounds(field, fit.target), seed=seed)


def optimization(settings: FitSettings, field: Field) -> tuple[Adam, Schedule]:
    """How the parameters of a field are moved, and how the rate falls."""
    method = settings.method
    if isinstance(method, DiffCD):
        schedule = Exponential(0.005) if method.schedule == "exponential" else WarmupCosine()
        return Adam(lr=method.learning_rate), schedule
    rate = _GRID_RATE if isinstance(field, (HashGrid, FeatureGrid)) else _NETWORK_RATE
    return Adam(lr=method.learning_rate or rate, betas=(0.9, 0.99), eps=1e-15), Exponential(method.final)


def budget_of(settings: FitSettings) -> Budget:
    """Steps or seconds, whichever the settings have."""
    if settings.seconds is not None:
        return Seconds(settings.seconds)
    assert settings.steps is not None
    return Steps(settings.steps)

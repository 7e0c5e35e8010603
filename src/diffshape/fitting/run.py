"""The run of a fit: field, task, training loop, result; the same for every method, from the start or from a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from diffshape._arguments import checked
from diffshape.fitting.fit import Fit
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.methods.table import task_class
from diffshape.fitting.observers import FitObserver
from diffshape.fitting.optimization import threads_for
from diffshape.fitting.result import FitResult, read_result
from diffshape.fitting.warm_up import warm_up
from diffshape.training import StepReport
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress
from diffshape.training.run import train_run

Observer = Callable[[StepReport], None]


@checked
def resume_fit(
    folder: str | Path,
    *,
    device: torch.device | str = "auto",
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> FitResult:
    """Go on with the fit in ``folder`` from its newest checkpoint; with a budget of steps it ends with the same bits.

    A fit that is finished is read, as by ``fitting.load``, and nothing is written.

    Args:
        folder: That of a fit that was interrupted.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Raises:
        ValueError: The folder holds no fit, its files are damaged, another process is at work in it, or there is no
            such device.
    """
    chosen = chosen_device(device, argument="resume_fit: device")
    run = FitFolder(Path(folder))
    if run.is_finished or not run.is_begun:
        return read_result(run)
    with run.only_here(), with_progress(f"resume_fit on {chosen}", progress, observers) as heard:
        return _run(run.read(), run, True, chosen, heard)


def run_fit(fit: Fit, folder: str | Path | None, *, device: torch.device, observers: Sequence[Observer]) -> FitResult:
    """Run a fit from its start, in a folder if there is one.

    Raises:
        ValueError: The folder already holds a fit, or another process is at work in it.
    """
    if folder is None:
        return _run(fit, None, False, device, observers)
    run = FitFolder(Path(folder))
    with run.only_here():
        run.begin_fit(fit)
        return _run(fit, run, False, device, observers)


def _run(
    fit: Fit, run: FitFolder | None, resume: bool, device: torch.device, observers: Sequence[Observer]
) -> FitResult:
    settings = fit.settings
    if settings.seconds is not None:
        warm_up(fit, device)
    field = fit.new_field().to(device)
    task = task_class(settings.method)(field, fit.target, settings.method, seed=settings.seed)
    for observer in observers:
        if isinstance(observer, FitObserver):
            observer.begin(fit, task, run.path if run else None)
    with threads_for(task):
        outcome = train_run(task, settings, run, resume=resume, observers=observers)
    if run is not None and not outcome.interrupted:
        run.write_field(field, step=outcome.step, seconds=outcome.seconds)
    return FitResult(
        field=field,
        fit=fit,
        step=outcome.step,
        seconds=outcome.seconds,
        interrupted=outcome.interrupted,
        folder=run.path if run else None,
    )

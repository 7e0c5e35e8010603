"""The run of a fit: field, task, training loop, result; the same for every method, from the start or from a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from diffshape._arguments import checked
from diffshape._files import remove_leftovers
from diffshape.fields import build_field
from diffshape.fitting.fit_folder import Fit, RunFolder
from diffshape.fitting.optimization import budget_of, optimization, task_of, threads_for
from diffshape.fitting.result import FitResult
from diffshape.fitting.warm_up import rehearse
from diffshape.training import CsvLog, StepReport, only_here, train
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress

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
    run = RunFolder(Path(folder))
    if run.is_finished or not run.holds_fit:
        return run.read_result()
    with only_here(run.path), with_progress(f"resume_fit on {chosen}", progress, observers) as heard:
        remove_leftovers(run.path)
        return _run(run.read(), run, True, chosen, heard)


def run_fit(fit: Fit, folder: str | Path | None, *, device: torch.device, observers: Sequence[Observer]) -> FitResult:
    """Run a fit from its start, in a folder if there is one.

    Raises:
        ValueError: The folder already holds a fit, or another process is at work in it.
    """
    if folder is None:
        return _run(fit, None, False, device, observers)
    run = RunFolder(Path(folder))
    with only_here(run.path):
        run.begin(fit)
        return _run(fit, run, False, device, observers)


def _run(
    fit: Fit, run: RunFolder | None, resume: bool, device: torch.device, observers: Sequence[Observer]
) -> FitResult:
    settings = fit.settings
    if settings.seconds is not None:
        rehearse(fit, device)
    field = build_field(settings.field, generator=torch.Generator().manual_seed(settings.seed)).to(device)
    optimizer, schedule = optimization(settings, field)
    with threads_for(fit, field):
        outcome = train(
            task_of(fit, field),
            budget=budget_of(settings),
            optimizer=optimizer,
            schedule=schedule,
            checkpoints=run.checkpoints if run else None,
            resume=resume,
            observers=[*observers, CsvLog(run.log)] if run else observers,
        )
    result = fit.result(
        field,
        step=outcome.step,
        seconds=outcome.seconds,
        interrupted=outcome.interrupted,
        folder=run.path if run else None,
    )
    if run is not None and not outcome.interrupted:
        run.write_result(result)
    return result

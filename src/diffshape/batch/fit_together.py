"""Small encodings in one program: many meshes become as many run folders."""

from collections.abc import Sequence
from contextlib import ExitStack

from diffshape.batch.fit_job import FitJob
from diffshape.fitting.fit_folder import FitFolder
from diffshape.fitting.fit_meshes import run_together
from diffshape.training import CsvLog
from diffshape.training.device import chosen_device


def fit_together(jobs: Sequence[FitJob]) -> bool:
    """Train the fields of meshes together, and leave each in its run folder, but for what ``FitJob.write`` writes.

    On the CPU they have the bits of fits one by one. A job that cannot begin is left out, for its own run says why. A
    run that does not come to its end here has no checkpoint, and is gone on with from its start.

    Args:
        jobs: Jobs with one and the same settings, steps as budget, hash grids and meshes, in new or empty folders.

    Returns:
        Whether all steps were made; False after Ctrl-C or SIGTERM.

    Raises:
        OSError: A file cannot be written.
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    with ExitStack() as held:
        begun = []
        for job in jobs:
            settings, run = job.settings, FitFolder(job.folder)
            try:
                if settings is None or job.inputs.kind != "mesh":
                    continue
                fit = job.inputs.begin(settings)
                held.enter_context(run.only_here())
                job.inputs.remember(run.path)
                run.begin_fit(fit)
            except ValueError:
                continue
            begun.append((run, fit))
        if not begun:
            return True
        device = chosen_device(jobs[0].device, argument="fit_together: device")
        logs = [CsvLog(run.log) for run, _ in begun]
        results = run_together([fit for _, fit in begun], device=device, logs=logs)
        if any(result.interrupted for result in results):
            return False
        for (run, _), result in zip(begun, results):
            run.write_field(result.field, step=result.step, seconds=result.seconds)
    return True

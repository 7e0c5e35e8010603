"""The training of a run, the same for fits and models: what its task answers for, in its folder if there is one."""

from collections.abc import Callable, Mapping, Sequence

from diffshape.training.log import CsvLog
from diffshape.training.loop import Outcome, StepReport, train
from diffshape.training.parallel import processes
from diffshape.training.run_folder import RunFolder
from diffshape.training.run_settings import RunSettings
from diffshape.training.schedule import Schedule
from diffshape.training.task import Task
from diffshape.training.update import Adam


class RunTask(Task):
    """Base of tasks that answer for their optimiser, schedule and clipping."""

    clip: float | None = None
    """Largest gradient norm, taken over all modules; None leaves gradients as they are."""

    def optimizer(self) -> Adam | Mapping[str, Adam]:
        """Optimiser settings of all modules, or of each by name."""
        raise NotImplementedError

    def schedule(self) -> Schedule:
        """Factor of the learning rates along the run."""
        raise NotImplementedError


def train_run(
    task: RunTask,
    settings: RunSettings,
    run: RunFolder | None,
    *,
    resume: bool = False,
    observers: Sequence[Callable[[StepReport], None]],
) -> Outcome:
    """Train ``task`` for the budget of ``settings``, with log and checkpoints in the folder ``run``, if there is one.

    Raises:
        ValueError: The folder holds checkpoints and ``resume`` is False, or they are of another task.
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    return train(
        task,
        budget=settings.budget,
        optimizer=task.optimizer(),
        schedule=task.schedule(),
        clip=task.clip,
        checkpoints=run.checkpoints if run else None,
        resume=resume,
        observers=[*observers, CsvLog(run.log)] if run and processes().is_first else observers,
    )

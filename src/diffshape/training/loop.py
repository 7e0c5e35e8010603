"""The one training loop: surface fits, neural distance fields, autoencoders, adversaries, landmark networks.

>>> import torch
>>> from diffshape.training import Adam, Steps, Task, WarmupCosine, train
>>> from diffshape.losses import LossTerms
>>> class Line(Task):
...     def __init__(self):
...         self.modules = {"line": torch.nn.Linear(1, 1)}
...         self.x = torch.linspace(-1, 1, 9)[:, None]
...     def loss(self, step, progress):
...         error = self.modules["line"](self.x) - (2 * self.x + 1)
...         return LossTerms(error.square().mean(), {"worst": error.abs().max()})
>>> outcome = train(Line(), budget=Steps(300), optimizer=Adam(lr=0.1), schedule=WarmupCosine())
>>> outcome.step, outcome.interrupted, bool(outcome.terms.total < 1e-6)
(300, False, True)
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.losses import LossTerms
from diffshape.training.checkpoint import CheckpointFolder
from diffshape.training.interrupt import Interrupts
from diffshape.training.parallel import agreed
from diffshape.training.randomness import own_randomness
from diffshape.training.saver import Saver
from diffshape.training.schedule import Budget, Constant, Schedule
from diffshape.training.task import Task
from diffshape.training.update import Adam, Updater

_ADAM, _CONSTANT = Adam(), Constant()


@dataclass(frozen=True)
class StepReport:
    """Report of one step, which every observer is called with.

    Args:
        step: Steps made, from 1; skipped updates count.
        seconds: Seconds spent, those before a resume included, those of observers that are not timed left out.
        budget: The budget of the run.
        lr: Learning rate of the first module in this step.
        terms: The loss of this step, detached; not finite if the update was skipped.
        skipped: Updates skipped so far in this process.
        interrupts: The request to end the run after this step: its ``requested`` is True after Ctrl-C, and an observer
            may set it.
    """

    step: int
    seconds: float
    budget: Budget
    lr: float
    terms: LossTerms
    skipped: int
    interrupts: Interrupts = field(default_factory=Interrupts, repr=False)

    __repr__ = one_line

    @property
    def progress(self) -> float:
        """Share of the budget spent, 1 after the last step."""
        return self.budget.progress(self.step, self.seconds)


class UntimedObserver:
    """Base of observers whose time counts neither in the budget nor in the seconds of a run: what they do, such as a
    mesh or a score of what is learnt so far, is no part of the training."""

    def __call__(self, report: StepReport) -> None:
        """Hear of a step."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(report)")


@dataclass(frozen=True)
class Outcome:
    """End of a run of the training loop.

    Args:
        step: Steps made, earlier ones of a resumed run included.
        seconds: Seconds spent, those before a resume included.
        interrupted: Whether Ctrl-C or SIGTERM ended it; resume to go on.
        terms: The loss of the last step, detached; None if no step was left to make.
        skipped: Updates this process skipped because loss or gradient was not finite.
        checkpoint: The newest checkpoint of the run; None without a folder, or if it could not be written.
    """

    step: int
    seconds: float
    interrupted: bool
    terms: LossTerms | None
    skipped: int
    checkpoint: Path | None

    __repr__ = one_line


@checked
def train(
    task: Task,
    *,
    budget: Budget,
    optimizer: Adam | Mapping[str, Adam] = _ADAM,
    schedule: Schedule = _CONSTANT,
    clip: float | None = None,
    checkpoints: CheckpointFolder | None = None,
    resume: bool = False,
    observers: Sequence[Callable[[StepReport], None]] = (),
) -> Outcome:
    """Train ``task`` until its budget is spent, it is finished, or someone asks to stop.

    With ``Steps`` the run is deterministic on one CPU with one number of threads, killed and resumed or not. With
    ``Seconds`` schedule and progress follow the clock. Ctrl-C or SIGTERM finishes the step, saves and returns; a second
    Ctrl-C aborts.

    Args:
        task: What is trained.
        budget: ``Steps(n)`` or ``Seconds(s)``; a resumed run has spent part of it.
        optimizer: Settings for all modules, or for each by name.
        schedule: Factor of the learning rates by progress, such as ``WarmupCosine()``.
        clip: Scale gradients down to this norm, taken over all of them.
        checkpoints: Where the run saves itself; None saves nothing.
        resume: Go on with the run in ``checkpoints`` if there is one. Torch's global generators then go on where that
            run left them, and stand afterwards where the caller had them.
        observers: Called after each step: ``CsvLog``, ``Progress``, a viewer...

    Returns:
        The outcome; the modules of the task hold the result.

    Raises:
        ValueError: A setting is wrong, the loss reaches no parameter, the folder holds a run and ``resume`` is False,
            or that run is of another task.
        TrainingError: Loss or gradient was not finite in 10 steps in a row; the last good weights are kept and saved.
        KeyboardInterrupt: Ctrl-C came twice.
    """
    if task.finished and not resume:  # an optimiser is long in loading
        return Outcome(0, 0.0, interrupted=False, terms=None, skipped=0, checkpoint=None)
    update = Updater(task.modules, optimizer, clip=clip)
    saver = Saver(task, update, checkpoints)
    device = next(iter(update.parameters.values())).device
    with own_randomness(device) if resume else nullcontext(), Interrupts() as interrupts:
        step, seconds = saver.resume(resume)
        began, terms = monotonic() - seconds, None
        while not task.finished:
            stop, spent = agreed(interrupts.requested, monotonic() - began, device)
            if stop:
                interrupts.requested = True  # also where another process was told
                break
            progress = budget.progress(step, spent)
            if progress >= 1:
                break
            lr = update.scale_learning_rate(schedule(progress))
            terms = update(task, step, progress)
            step += 1
            report = StepReport(step, monotonic() - began, budget, lr, terms, update.skipped, interrupts)
            for observe in observers:
                paused = monotonic()
                observe(report)
                if isinstance(observe, UntimedObserver):
                    began += monotonic() - paused
            if update.is_stuck:
                saver.save(step, monotonic() - began)
                raise update.error(terms, step)
            saver.save_if_due(step, monotonic() - began)
        saver.save(step, monotonic() - began)
    return Outcome(step, monotonic() - began, interrupts.requested, terms, update.skipped, saver.path)

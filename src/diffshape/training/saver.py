"""A whole run as a checkpoint, and back: modules, optimiser, the task's own state, torch's random numbers.

With a budget of steps, a run that is killed and resumed ends with the same bits as one that was not. Random numbers
must come from torch or from a generator whose state is in ``Task.state``.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor

from diffshape.training.checkpoint import Checkpoint, CheckpointFolder
from diffshape.training.parallel import processes
from diffshape.training.task import Task
from diffshape.training.update import Updater


class Saver:
    """Saves a run to its folder when due, and never stops it: a full disk warns once and training goes on."""

    def __init__(self, task: Task, update: Updater, folder: CheckpointFolder | None) -> None:
        self.task, self.update, self.folder = task, update, folder
        self.path: Path | None = None
        self._saved_step = 0
        self._tried_step, self._tried_seconds = 0, 0.0
        self._warned = False

    def resume(self, wanted: bool) -> tuple[int, float]:
        """Load the run found in the folder: the steps it made and the seconds it spent, (0, 0.0) if there is none.

        Raises:
            ValueError: There is a run but ``wanted`` is False, or it does not fit the task.
        """
        if self.folder is None:
            return 0, 0.0
        if not wanted and (paths := self.folder.paths()):
            raise ValueError(
                f"train: {self.folder.folder} already holds a run, {max(paths)} steps long; "
                "pass resume=True to go on with it, or another folder"
            )
        checkpoint = self.folder.newest()
        if checkpoint is None:
            return 0, 0.0
        restore(self.task, self.update, checkpoint)
        self.path = self.folder.path(checkpoint.step)
        self._saved_step = self._tried_step = checkpoint.step
        self._tried_seconds = checkpoint.seconds
        return checkpoint.step, checkpoint.seconds

    def save_if_due(self, step: int, seconds: float) -> None:
        """Save once ``folder.every`` has passed since the last try."""
        if self.folder and self.folder.every.progress(step - self._tried_step, seconds - self._tried_seconds) >= 1:
            self.save(step, seconds)

    def save(self, step: int, seconds: float) -> None:
        """Save now, unless this step is saved already; what cannot be written is a warning, given once."""
        if self.folder is None or step == self._saved_step or not processes().is_first:
            return
        self._tried_step, self._tried_seconds = step, seconds
        try:
            self.path = self.folder.save(capture(self.task, self.update, step, seconds))
            self._saved_step = step
        except OSError as error:
            if not self._warned:
                warnings.warn(f"train: no checkpoint at step {step}, training goes on: {error}", stacklevel=3)
            self._warned = True


def capture(task: Task, update: Updater, step: int, seconds: float) -> Checkpoint:
    """The run after ``step`` steps; its tensors may share memory with the run.

    Raises:
        ValueError: A module or the task keeps something that is not a tensor.
    """
    sections = {f"modules/{name}": module.state_dict() for name, module in task.modules.items()}
    sections |= {"optimizer": update.state(), "task": task.state(), "random": _random_states(update)}
    tensors = {f"{section}/{key}": value for section, values in sections.items() for key, value in values.items()}
    strangers = [name for name, value in tensors.items() if not isinstance(value, Tensor)]
    if strangers:
        raise ValueError(f"train: a checkpoint holds tensors only, got something else in {', '.join(strangers)}")
    return Checkpoint(step, seconds, tensors)


def restore(task: Task, update: Updater, checkpoint: Checkpoint) -> None:
    """Put modules, optimiser, task and random numbers where ``checkpoint`` had them.

    Raises:
        ValueError: The checkpoint is of other modules, or of other shapes.
    """
    unknown = {key.partition("/")[0] for key in checkpoint.section("modules")} - set(task.modules)
    if unknown:
        raise ValueError(
            f"train: the checkpoint also holds modules {sorted(unknown)}, the task has only {sorted(task.modules)}"
        )
    task.load_state(checkpoint.section("task"))  # first: other examples often are why a module does not fit
    for name, module in task.modules.items():
        try:
            module.load_state_dict(checkpoint.section(f"modules/{name}"))
        except RuntimeError as error:  # noqa: PERF203
            raise ValueError(f"train: the checkpoint does not fit module {name!r}: {error}") from error
    update.load_state(checkpoint.section("optimizer"))
    for device, state in checkpoint.section("random").items():
        if device == "cpu":
            torch.set_rng_state(state)
        elif torch.cuda.is_available():
            torch.cuda.set_rng_state(state, device)


def _random_states(update: Updater) -> dict[str, Tensor]:
    """Torch's global generators: the CPU's, and those of the CUDA devices trained on."""
    devices = {parameter.device for parameter in update.parameters.values() if parameter.device.type == "cuda"}
    return {"cpu": torch.get_rng_state(), **{str(device): torch.cuda.get_rng_state(device) for device in devices}}

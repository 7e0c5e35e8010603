"""Numbers of a run for TensorBoard and Weights & Biases, which are imported only when they are asked for."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias, get_args

from diffshape._arguments import checked
from diffshape._bounds import check_whole
from diffshape._files import read_yaml
from diffshape.training.log import is_due
from diffshape.training.loop import StepReport
from diffshape.training.run_folder import RunFolder

TrackerName: TypeAlias = Literal["tensorboard", "wandb"]
"""Names of the trackers, and of their folders in that of a run."""
WandbMode: TypeAlias = Literal["offline", "online", "disabled"]
"""Modes of Weights & Biases."""


class Tracker:
    """Base of observers of :func:`train` that hand numbers to another program; entered, it ends with its block.

    They have step 1, every ``every``-th step and the last of a budget: loss, its parts, lr and seconds.
    """

    def __init__(self, folder: Path, every: int) -> None:
        check_whole(f"{type(self).__name__}: every", every, 1)
        self.folder, self.every = folder, every

    def __call__(self, report: StepReport) -> None:
        """Write the step if it is due."""
        if is_due(report, self.every):
            self.write(report.step, {**report.terms.log(), "lr": report.lr, "seconds": report.seconds})

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Write numbers by name; those that are not finite are left out."""
        raise NotImplementedError(f"{type(self).__name__} must define write(step, numbers)")

    def close(self) -> None:
        """Write what is left, and end."""
        raise NotImplementedError(f"{type(self).__name__} must define close()")

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class TensorBoardLog(Tracker):
    """Events of a run for TensorBoard: ``tensorboard --logdir FOLDER`` shows them, also while it runs.

    On resume, the events of steps made again are hidden, so that a curve has each step once.

    Args:
        folder: Folder of the events; a run of the command line has them in ``RUN/tensorboard``.
        every: Number of steps from one entry to the next.

    Raises:
        ImportError: The package tensorboard is not installed.
    """

    @checked
    def __init__(self, folder: str | Path, *, every: int = 10) -> None:
        super().__init__(Path(folder), every)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError("TensorBoardLog: events are written by tensorboard; pip install tensorboard") from error
        self._make, self._writer = SummaryWriter, None

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Write numbers by name, at once; those that are not finite are left out."""
        if self._writer is None:
            self._writer = self._make(str(self.folder), purge_step=step)
        for name, number in numbers.items():
            if math.isfinite(number):
                self._writer.add_scalar(name, number, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the file of events."""
        if self._writer is not None:
            self._writer.close()


class WandbLog(Tracker):
    """Numbers of a run for Weights & Biases, with the settings in its config.yaml.

    Nothing is uploaded unless ``mode`` or the environment variable WANDB_MODE says "online"; later,
    ``wandb sync FOLDER/wandb/offline-run-*`` does it. A run that is resumed goes on under the id that it had.

    Args:
        folder: Run folder; the files are in its folder wandb.
        project: Name of the project.
        mode: "offline" writes files, "online" uploads, "disabled" does nothing; None: what the environment variable
            WANDB_MODE says, or else "offline".
        every: Number of steps from one entry to the next.

    Raises:
        ImportError: The package wandb is not installed.
    """

    @checked
    def __init__(
        self, folder: str | Path, *, project: str = "diffshape", mode: WandbMode | None = None, every: int = 10
    ) -> None:
        super().__init__(Path(folder), every)
        try:
            import wandb  # type: ignore[import-not-found]
        except ImportError as error:
            raise ImportError("WandbLog: it needs wandb; pip install wandb") from error
        self.project, self.mode = project, mode or os.environ.get("WANDB_MODE") or "offline"
        self._wandb, self._run = wandb, None

    def write(self, step: int, numbers: Mapping[str, float]) -> None:
        """Hand over numbers by name; those that are not finite are left out."""
        if self._run is None:
            self._run = self._begun()
        self._run.log({name: number for name, number in numbers.items() if math.isfinite(number)}, step=step)

    def close(self) -> None:
        """End the run."""
        if self._run is not None:
            self._run.finish()

    def _begun(self) -> Any:
        run, known = RunFolder(self.folder), _last_id(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        quiet = self._wandb.Settings(console="off", silent=True, disable_git=True, disable_code=True)
        return self._wandb.init(
            project=self.project,
            name=self.folder.resolve().name,
            dir=str(self.folder),
            config=read_yaml(run.config) if run.is_begun else None,
            id=known,
            resume="allow" if known and self.mode == "online" else None,
            mode=self.mode,  # type: ignore[arg-type]
            settings=quiet,
        )


@contextmanager
def tracked(name: TrackerName | None, folder: Path) -> Iterator[list[Tracker]]:
    """The observers, one or none, that track the run in a folder while entered.

    Args:
        name: Name of the tracker; None: the one that the run had before, if any.
        folder: The run folder.

    Raises:
        ImportError: Its package is not installed.
    """
    name = name or next((each for each in get_args(TrackerName) if (folder / each).is_dir()), None)
    if name is None:
        yield []
        return
    tracker = TensorBoardLog(folder / name) if name == "tensorboard" else WandbLog(folder)
    with tracker:
        yield [tracker]


def _last_id(folder: Path) -> str | None:
    """The id of the last run in the folder of a run, from names such as wandb/offline-run-20260102_030405-1a2b3c4d."""
    runs = sorted((folder / "wandb").glob("*run-*-*"), key=lambda path: path.name.split("run-")[-1])
    return runs[-1].name.rpartition("-")[2] if runs else None

"""The folder of a run, the same for fits and trainings: plain files, each written whole.

config.yaml       every setting, versioned, with the kind of run; written last of what a run begins with
environment.json  versions, platform, threads, command
log.csv           the loss and its parts along the way
checkpoints/      enough to resume to the same bits
metrics.json      steps, seconds, score; written last of all

Each kind of run adds its own: what it was begun with, and its final weights. Whether a run is begun or complete is
read without torch.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffshape._files import is_leftover, read_json, read_yaml, remove_leftovers, write_json, write_yaml
from diffshape.training.environment import environment
from diffshape.training.folder_lock import only_here
from diffshape.training.run_settings import RunSettings, Settings

if TYPE_CHECKING:
    from diffshape.training.checkpoint import CheckpointFolder

MODEL_FOLDER = "model"
"""Folder, in that of a training, that holds the final model."""
WEIGHTS = ("field.safetensors", f"{MODEL_FOLDER}/model.safetensors")
"""Files of final weights: of a fit, of a training."""
_BEFORE_CONFIG = {
    ".lock",
    "inputs.json",
    "along_the_way.json",
    "environment.json",
    "frame.json",
    "target.safetensors",
    "points.safetensors",
}
"""Files that a run writes before its config.yaml, which says that it is begun."""
_SECONDS_BETWEEN_CHECKPOINTS = 10


@dataclass(frozen=True)
class RunFolder:
    """A run on disk."""

    path: Path

    @property
    def config(self) -> Path:
        """The file of every setting."""
        return self.path / "config.yaml"

    @property
    def log(self) -> Path:
        """The CSV log of the training loop."""
        return self.path / "log.csv"

    @property
    def metrics(self) -> Path:
        """The file of results: steps, seconds, score."""
        return self.path / "metrics.json"

    @property
    def checkpoints(self) -> "CheckpointFolder":
        """The folder in which the training loop saves itself."""
        from diffshape.training.checkpoint import CheckpointFolder
        from diffshape.training.schedule import Seconds

        return CheckpointFolder(self.path / "checkpoints", every=Seconds(_SECONDS_BETWEEN_CHECKPOINTS))

    @property
    def is_begun(self) -> bool:
        """Whether a run was begun here."""
        return self.config.is_file()

    @property
    def kind(self) -> str | None:
        """The command that began the run, such as "fit"; None if its config.yaml does not say or cannot be read."""
        try:
            kind = read_yaml(self.config).get("kind")
        except (OSError, ValueError):
            return None  # whoever reads the rest says what is wrong with it
        return kind if isinstance(kind, str) else None

    @property
    def verb(self) -> str | None:
        """The command that goes on with the run; None if the folder holds a saved model, or does not say."""
        kind = self.kind or ""
        return kind if kind == "fit" or kind.startswith("train ") else None

    @property
    def holds_weights(self) -> bool:
        """Whether the run has its final weights."""
        return any((self.path / weights).is_file() for weights in WEIGHTS)

    @property
    def is_complete(self) -> bool:
        """Whether the run has its final weights and, written after all else, its metrics."""
        try:
            return self.holds_weights and not self.read_metrics().get("interrupted", False)
        except (OSError, ValueError):
            return False

    @property
    def is_unbegun(self) -> bool:
        """Whether the folder holds nothing but what a run leaves that is stopped before it is begun."""
        return all(path.name in _BEFORE_CONFIG or is_leftover(path) for path in self.path.iterdir())

    def refuse_if_begun(self) -> None:
        """Refuse a folder in which a run was begun, or a model was saved.

        Raises:
            ValueError: The folder already holds a run or a model.
        """
        if (self.path / "model.safetensors").is_file():
            raise ValueError(f"{self.path} already holds a saved model; choose another folder")
        if self.is_begun:
            raise ValueError(f"{self.path} already holds a run; resume it, or choose another folder")

    @contextmanager
    def only_here(self) -> Iterator[None]:
        """While entered, no other process works in the folder; what a killed one left half written is removed.

        Raises:
            FolderInUseError: Another process is at work in it.
        """
        with only_here(self.path):
            remove_leftovers(self.path)
            yield

    @contextmanager
    def beginning(self, settings: RunSettings) -> Iterator[None]:
        """Begin a run with ``settings``; the files of its kind are written inside.

        Raises:
            ValueError: The folder already holds a run, or another process is at work in it.
            OSError: A file cannot be written.
        """
        with self.only_here():
            self.refuse_if_begun()
            write_json(self.path / "environment.json", environment())
            yield
            write_yaml(self.config, settings.to_dict())

    def begin(self, settings: RunSettings) -> None:
        """Begin a run that needs no other files.

        Raises:
            ValueError, OSError: As :meth:`beginning`.
        """
        with self.beginning(settings):
            pass

    def read_settings(self, kind: type[Settings]) -> Settings:
        """The settings that the run was begun with.

        Raises:
            ValueError: This is not the folder of such a run, or its settings are damaged.
        """
        if not self.is_begun:
            raise ValueError(f"{self.path} is not the folder of a {kind.TITLE}: it has no config.yaml")
        try:
            return kind.from_dict(read_yaml(self.config))
        except ValueError as error:
            raise ValueError(f"{self.config} is not the config.yaml of a {kind.TITLE}: {error}") from error

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write the metrics of the run; as the last of its files, it says that the others are there."""
        write_json(self.metrics, metrics)

    def read_metrics(self) -> dict[str, Any]:
        """Metrics of the run, as ``write_metrics`` wrote them.

        Raises:
            ValueError: The file is damaged.
            OSError: There are no metrics.
        """
        return read_json(self.metrics)


def refuse_begun(folder: str | Path | None) -> None:
    """Refuse a folder in which a run was begun, before the work of preparing another; None, for no folder, is taken.

    Raises:
        ValueError: The folder already holds a run or a model.
    """
    if folder is not None:
        RunFolder(Path(folder)).refuse_if_begun()

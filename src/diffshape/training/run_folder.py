"""What the folders of all trainings hold, whatever is trained: settings as YAML, a log, checkpoints.

config.yaml   the settings, complete and versioned
log.csv       loss and parts along the way
checkpoints/  enough to resume to the same bits
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from diffshape._config import read_yaml
from diffshape._files import atomic_path, remove_leftovers
from diffshape.training import CheckpointFolder, Seconds, only_here
from diffshape.training.run_settings import Settings, TrainingSettings


@dataclass(frozen=True)
class TrainingRun:
    """A training on disk."""

    path: Path

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Where the training saves itself."""
        return CheckpointFolder(self.path / "checkpoints", every=Seconds(20))

    @property
    def log(self) -> Path:
        """The CSV log."""
        return self.path / "log.csv"

    def begin(self, settings: TrainingSettings) -> None:
        """Write the settings.

        Raises:
            ValueError: The folder already holds a run, or another process is at work in it.
            OSError: They cannot be written.
        """
        config = self.path / "config.yaml"
        with only_here(self.path):
            if config.is_file():
                raise ValueError(f"{self.path} already holds a run; resume it, or choose another folder")
            with atomic_path(config) as temporary:
                temporary.write_text(yaml.safe_dump(settings.to_dict(), sort_keys=False))

    @contextmanager
    def only_here(self) -> Iterator[None]:
        """While entered, no other process works in the folder; what a killed one left half written is removed.

        Raises:
            FolderInUseError: Another one does.
        """
        with only_here(self.path):
            remove_leftovers(self.path)
            yield

    def read(self, kind: type[Settings]) -> Settings:
        """What ``begin`` wrote.

        Raises:
            ValueError: This is not the folder of such a training, or its settings are damaged.
        """
        config = self.path / "config.yaml"
        if not config.is_file():
            raise ValueError(f"{self.path} is not the folder of a {kind.TITLE}: it has no config.yaml")
        try:
            return kind.from_dict(read_yaml(config))
        except ValueError as error:
            raise ValueError(f"{config} is not the config.yaml of a {kind.TITLE}: {error}") from error

"""Result of a training: the model, and how the training went."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from diffshape._arguments import checked
from diffshape.training.loop import Outcome
from diffshape.training.run_settings import RunSettings

Model = TypeVar("Model")


@dataclass(frozen=True, kw_only=True)
class TrainingResult(Generic[Model]):
    """A trained model, and how its training went."""

    model: Model
    """A ``DeepSDF``, a ``LandmarkDetector`` or a ``ScanPrior``, ready to use, where it was trained."""
    settings: RunSettings
    """Everything that the training depended on besides its examples."""
    outcome: Outcome
    """End of the training loop: loss of the last step, skipped updates, newest checkpoint."""
    folder: Path | None = None
    """The run folder, if there is one."""

    def __repr__(self) -> str:
        end = ", interrupted" if self.interrupted else ""
        return f"TrainingResult({type(self.model).__name__}, {self.work}{end})"

    def _repr_png_(self) -> bytes | None:
        """The picture of the model, if it has one."""
        picture: Any = getattr(self.model, "_repr_png_", None)
        return picture() if picture else None

    @property
    def work(self) -> str:
        """Steps and their seconds in words; "fitted" where there was no step to make, as of a Gaussian mixture."""
        return f"{self.step} steps in {self.seconds:.1f} s" if self.step or self.interrupted else "fitted"

    @property
    def step(self) -> int:
        """Optimiser steps made, those before a resume included."""
        return self.outcome.step

    @property
    def seconds(self) -> float:
        """Seconds of the optimiser steps, those before a resume included."""
        return self.outcome.seconds

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM stopped the training before its budget was spent."""
        return self.outcome.interrupted

    @checked
    def save(self, folder: str | Path) -> None:
        """Write the model to a folder, as ``result.model.save(folder)`` does; ``models.load`` reads all but a prior.

        Raises:
            OSError: The folder cannot be written.
        """
        model: Any = self.model
        model.save(folder)

"""The job of a fit: one input file becomes one run folder."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from diffshape.batch.along_the_way import AlongTheWay
from diffshape.batch.outputs import Outputs, write_outputs
from diffshape.fitting import FitResult, FitSettings, resume_fit
from diffshape.fitting.inputs.inputs import Inputs
from diffshape.fitting.run import Observer, run_fit
from diffshape.training.device import chosen_device
from diffshape.training.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True)
class FitJob:
    """A fit of one file that writes one run folder, wherever it is run."""

    inputs: Inputs
    """The scan or mesh, and the surface it is scored against."""
    settings: FitSettings | None
    """Settings of a new fit; None: go on with the fit in the folder."""
    folder: Path
    """The run folder: new or empty for a new fit, else that of the fit to go on with."""
    device: str = "auto"
    """Device to compute on: "auto", "cpu" or "cuda"."""
    resolution: int | None = None
    """Grid nodes along the side of the mesh's box; None: as many as the settings have."""
    along_the_way: AlongTheWay = field(default_factory=AlongTheWay)
    """What is written while the fit runs; a fit that goes on also writes what it wrote before."""

    def fit(self, observers: Sequence[Observer] = ()) -> FitResult:
        """Fit, or go on with a fit, with log and checkpoints in the folder.

        Raises:
            ValueError: The folder already holds a run and settings for a new one are given; it holds none, without
                settings; another process is at work in it; or a setting does not fit the input.
            ImportError: A package that ``along_the_way`` needs is not installed.
            TrainingError: The loss was not finite in 10 steps in a row.
        """
        if self.settings is None:
            with self._observers(self.along_the_way.resumed(self.folder)) as others:
                return resume_fit(self.folder, device=self.device, observers=[*observers, *others])
        device = chosen_device(self.device, argument="FitJob: device")
        run = RunFolder(self.folder)
        with run.only_here(), self._observers(self.along_the_way) as others:
            run.refuse_if_begun()
            self.inputs.remember(self.folder)
            self.along_the_way.remember(self.folder)
            fit = self.inputs.begin(self.settings)
            return run_fit(fit, self.folder, device=device, observers=[*observers, *others])

    def _observers(self, along_the_way: AlongTheWay) -> AbstractContextManager[list[Observer]]:
        return along_the_way.observers(self.inputs, self.folder, resolution=self.resolution)

    def write(self, result: FitResult) -> Outputs:
        """Write mesh, picture and metrics of a fit, finished or not.

        Raises:
            ValueError: A finished fit has no surface.
        """
        return write_outputs(result, self.inputs, self.folder, resolution=self.resolution or result.resolution)

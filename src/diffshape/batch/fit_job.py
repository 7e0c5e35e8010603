"""The job of a fit: one input file becomes one run folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from diffshape.batch.inputs import Inputs
from diffshape.batch.outputs import Outputs, write_outputs
from diffshape.fitting import FitResult, FitSettings, resume_fit
from diffshape.fitting.run import Observer, run_fit
from diffshape.training.device import chosen_device


@dataclass(frozen=True, kw_only=True)
class FitJob:
    """A fit from files to files, by whoever runs it."""

    inputs: Inputs
    """The scan or mesh, and the surface it is scored against."""
    settings: FitSettings | None
    """Settings of a new fit; None goes on with the one in the folder."""
    folder: Path
    """The run folder; new, empty, or that of the fit to go on with."""
    device: str = "auto"
    """Where to compute."""
    resolution: int | None = None
    """Grid nodes along the side of the mesh's box; None: as many as the settings have."""

    def fit(self, observers: Sequence[Observer] = ()) -> FitResult:
        """Fit, or go on, with log and checkpoints in the folder."""
        if self.settings is None:
            return resume_fit(self.folder, device=self.device, observers=observers)
        device = chosen_device(self.device, argument="FitJob: device")
        self.inputs.remember(self.folder)
        return run_fit(self.inputs.begin(self.settings), self.folder, device=device, observers=observers)

    def write(self, result: FitResult) -> Outputs:
        """Write mesh, picture and metrics of a fit, finished or not.

        Raises:
            ValueError: A finished fit has no surface.
        """
        return write_outputs(result, self.inputs, self.folder, resolution=self.resolution or result.settings.resolution)

"""Folder of one fit: that of any run, with files of its own.

frame.json          the map between input coordinates and the unit frame
target.safetensors  the prepared scan in the unit frame, or the mesh in input coordinates
points.safetensors  of a scan, the points that were kept, with their confidence and attributes
field.safetensors   the final weights
"""

from pathlib import Path

from diffshape._files import read_json, write_json
from diffshape._sized_for import SizedFor
from diffshape._tensor_files import read_tensors
from diffshape._typed import typed
from diffshape.data import Frame
from diffshape.fields import Field
from diffshape.fitting.fit import Fit
from diffshape.fitting.methods.table import Fits, fits_of
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.surface.measured_points import MeasuredPoints
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.fitting.targets.target import Target
from diffshape.training import Checkpoint, write_tensors
from diffshape.training.run_folder import RunFolder

_TARGETS: dict[Fits, type[Target]] = {"scan": ScanTarget, "mesh": MeshTarget}
"""Classes of targets by the kind of input."""


class FitFolder(RunFolder):
    """A fit on disk."""

    @property
    def is_finished(self) -> bool:
        """Whether the fit has its final weights."""
        return self._final.is_file()

    @property
    def holds_field(self) -> bool:
        """Whether there are weights, final ones or those of a checkpoint."""
        return self.is_finished or self.checkpoints.newest() is not None

    def begin_fit(self, fit: Fit) -> None:
        """Write all that a fit needs, to be resumed or used, besides its weights.

        Raises:
            ValueError: The folder already holds a run, or another process is at work in it.
            OSError: A file cannot be written.
        """
        with self.beginning(fit.settings):
            plain = {**fit.frame.to_dict(), "notes": list(fit.notes), "torch": fit.as_torch}
            write_json(self.path / "frame.json", plain)
            write_tensors(self.path / "target.safetensors", fit.target.tensors())
            if fit.measured is not None:
                write_tensors(self._points, fit.measured.tensors())

    def read(self) -> Fit:
        """The fit that ``begin_fit`` wrote.

        Raises:
            ValueError: This is no folder of a fit, or a file in it is damaged.
        """
        if not self.is_begun:
            raise ValueError(f"{self.path} is not the folder of a fit: it has no config.yaml")
        if (self.kind or "").startswith("train ") or (self.path / "model.safetensors").is_file():
            kind = (self.kind or "trained").removeprefix("train ")
            raise ValueError(f"{self.path} holds a {kind} model, not a fit; diffshape.models.load reads it")
        try:
            settings = self.read_settings(FitSettings)
            plain = read_json(self.path / "frame.json")
            notes = typed("frame.json: notes", tuple[str, ...], plain.pop("notes"))
            as_torch = typed("frame.json: torch", bool, plain.pop("torch"))
            frame = Frame.from_dict(plain)
            tensors = read_tensors(self.path / "target.safetensors").tensors
            target = _TARGETS[fits_of(settings.method)].from_tensors(tensors, settings.method)
            measured = None
            if isinstance(target, ScanTarget):
                measured = MeasuredPoints.from_tensors(read_tensors(self._points).tensors)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"the fit in {self.path} cannot be read: {error}; put the file back, or fit anew in another folder"
            ) from error
        return Fit(settings=settings, frame=frame, target=target, notes=notes, as_torch=as_torch, measured=measured)

    def write_field(self, field: Field, *, step: int, seconds: float) -> None:
        """Write the weights that the fit ended with."""
        write_tensors(self._final, field.state_dict(), {"step": str(step), "seconds": repr(seconds)})

    def read_field(self, fit: Fit) -> tuple[Field, Checkpoint]:
        """The field with its final weights, or those of the newest checkpoint, and how long it was trained.

        Raises:
            ValueError: There are no weights yet, or they are damaged or not those of its settings.
        """
        weights = self._weights()
        try:
            with SizedFor(weights.tensors.values()):
                field = fit.new_field()
            field.load_state_dict(weights.tensors)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"the weights in {self.path} are not those of its config.yaml: {error}") from error
        return field, weights

    @property
    def _points(self) -> Path:
        return self.path / "points.safetensors"

    @property
    def _final(self) -> Path:
        return self.path / "field.safetensors"

    def _weights(self) -> Checkpoint:
        if self.is_finished:
            return _read_final(self._final)
        checkpoint = self.checkpoints.newest()
        if checkpoint is None:
            raise ValueError(
                f"the fit in {self.path} has no weights yet; go on with diffshape fit --resume {self.path}"
            )
        return Checkpoint(checkpoint.step, checkpoint.seconds, checkpoint.section("modules/field"))


def _read_final(path: Path) -> Checkpoint:
    try:
        header, tensors = read_tensors(path)
        return Checkpoint(int(header["step"]), float(header["seconds"]), tensors)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"the weights {path} cannot be read: {error}; remove the file and take those of the newest checkpoint: "
            f"diffshape fit --resume {path.parent}"
        ) from error

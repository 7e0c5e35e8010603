"""The folder of one fit: settings, frame, what was fitted, log, checkpoints, weights. Plain files, each written whole.

config.yaml        the settings, complete and versioned
environment.json   versions, device, command
frame.json         the way between input coordinates and the unit frame
target.safetensors the prepared scan in the unit frame, or the mesh in input coordinates
log.csv            loss and parts along the way
checkpoints/       enough to resume to the same bits
field.safetensors  the final weights
"""

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from diffshape import __version__
from diffshape._arguments import checked
from diffshape._config import read_json, read_yaml
from diffshape._files import remove_leftovers
from diffshape._reprs import one_line
from diffshape._sized_for import SizedFor
from diffshape._tensor_files import read_tensors
from diffshape._typed import typed
from diffshape.data import Frame, atomic_path
from diffshape.fields import Field, build_field
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.result import FitResult
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.fitting.targets.scan_target import FitTarget
from diffshape.training import Checkpoint, CheckpointFolder, Seconds, only_here, write_tensors

_PACKAGES = ("torch", "numpy", "numba", "libigl", "scipy")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fit before it is run: all that it needs besides weights."""

    settings: FitSettings
    frame: Frame
    target: FitTarget | MeshTarget
    notes: tuple[str, ...]
    as_torch: bool

    __repr__ = one_line

    def result(
        self, field: Field, *, step: int, seconds: float, interrupted: bool, folder: Path | None = None
    ) -> FitResult:
        """What came of it."""
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        return FitResult(field=field, step=step, seconds=seconds, interrupted=interrupted, folder=folder, **parts)


@dataclass(frozen=True)
class RunFolder:
    """A fit on disk."""

    path: Path

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Where the training loop saves itself."""
        return CheckpointFolder(self.path / "checkpoints", every=Seconds(10))

    @property
    def log(self) -> Path:
        """The CSV log of the training."""
        return self.path / "log.csv"

    @property
    def holds_fit(self) -> bool:
        """Whether a fit was begun here."""
        return (self.path / "config.yaml").is_file()

    @property
    def is_finished(self) -> bool:
        """Whether the fit has its final weights."""
        return self._final.is_file()

    def begin(self, fit: Fit) -> None:
        """Write all that a resumed or finished fit needs besides its weights; what was left of another begin goes.

        Raises:
            ValueError: The folder already holds a fit, or another process is at work in it.
            OSError: A file cannot be written.
        """
        with only_here(self.path):
            if self.holds_fit:
                raise ValueError(f"{self.path} already holds a fit; resume it, or choose another folder")
            remove_leftovers(self.path)
            plain = {**fit.frame.to_dict(), "notes": list(fit.notes), "torch": fit.as_torch}
            write_json(self.path / "frame.json", plain)
            write_json(self.path / "environment.json", _environment())
            write_tensors(self.path / "target.safetensors", fit.target.tensors())
            with atomic_path(self.path / "config.yaml") as temporary:  # last: it says that the others are there
                temporary.write_text(yaml.safe_dump(fit.settings.to_dict(), sort_keys=False))

    def read(self) -> Fit:
        """What ``begin`` wrote.

        Raises:
            ValueError: This is no run folder, or a file in it is damaged.
        """
        if not self.holds_fit:
            raise ValueError(f"{self.path} is not the folder of a fit: it has no config.yaml")
        try:
            settings = FitSettings.from_dict(read_yaml(self.path / "config.yaml"))
            plain = read_json(self.path / "frame.json")
            notes = typed("frame.json: notes", tuple[str, ...], plain.pop("notes"))
            as_torch = typed("frame.json: torch", bool, plain.pop("torch"))
            frame = Frame.from_dict(plain)
            target = _target(read_tensors(self.path / "target.safetensors").tensors, settings.method)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"the fit in {self.path} cannot be read: {error}; put the file back, or fit anew in another folder"
            ) from error
        return Fit(settings=settings, frame=frame, target=target, notes=notes, as_torch=as_torch)

    def write_result(self, result: FitResult) -> Path:
        """Write a finished (or interrupted) fit; the folder is made where it is not the fit's own."""
        with only_here(self.path):
            if result.folder is None or result.folder.resolve() != self.path.resolve():
                parts = {part.name: getattr(result, part.name) for part in fields(Fit)}
                self.begin(Fit(**parts))
            header = {"step": str(result.step), "seconds": repr(result.seconds)}
            write_tensors(self._final, result.field.state_dict(), header)
        return self.path

    def read_result(self) -> FitResult:
        """The fit as it stands: its final weights, or those of its newest checkpoint.

        Raises:
            ValueError: As :meth:`read`, or there are no weights yet.
        """
        fit = self.read()
        weights = self._weights()
        try:
            with SizedFor(weights.tensors.values()):
                field = build_field(fit.settings.field)
            field.load_state_dict(weights.tensors)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"the weights in {self.path} are not those of its config.yaml: {error}") from error
        interrupted = not self.is_finished
        return fit.result(field, step=weights.step, seconds=weights.seconds, interrupted=interrupted, folder=self.path)

    @property
    def _final(self) -> Path:
        return self.path / "field.safetensors"

    def _weights(self) -> Checkpoint:
        """The final weights, or else those of the newest checkpoint, and how long they were trained."""
        if self.is_finished:
            return _read_final(self._final)
        checkpoint = self.checkpoints.newest()
        if checkpoint is None:
            raise ValueError(
                f"the fit in {self.path} has no weights yet; go on with diffshape fit --resume {self.path}"
            )
        return Checkpoint(checkpoint.step, checkpoint.seconds, checkpoint.section("modules/field"))


def _target(tensors: dict[str, Tensor], method: DiffCD | Supervised) -> FitTarget | MeshTarget:
    """What was fitted to, from what a file keeps of it."""
    if isinstance(method, DiffCD):
        return FitTarget(**tensors)
    return MeshTarget.of((tensors["vertices"], tensors["faces"]), method.normalization)


def _read_final(path: Path) -> Checkpoint:
    try:
        header, tensors = read_tensors(path)
        return Checkpoint(int(header["step"]), float(header["seconds"]), tensors)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"the weights {path} cannot be read: {error}; remove the file and take those of the newest checkpoint: "
            f"diffshape fit --resume {path.parent}"
        ) from error


@checked
def load(folder: str | Path) -> FitResult:
    """The fit in a run folder, ready to mesh and query.

    Args:
        folder: As ``fit_points``, ``fit_mesh``, ``FitResult.save`` or ``diffshape fit`` wrote it. Of a fit that is not
            finished, the newest checkpoint is taken, and the result says ``interrupted``.

    Raises:
        ValueError: It is no run folder, it is damaged, or it holds no weights yet.
    """
    return RunFolder(Path(folder)).read_result()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")


def _environment() -> dict[str, Any]:
    return {
        "diffshape": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "command": sys.argv,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"

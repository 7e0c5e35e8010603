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
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from diffshape import __version__
from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.data import Frame, atomic_path
from diffshape.fields import Field, build_field
from diffshape.fitting.config import DiffCD
from diffshape.fitting.mesh_target import MeshTarget
from diffshape.fitting.result import FitResult
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.supervised_config import Supervised
from diffshape.fitting.target import FitTarget
from diffshape.training import Checkpoint, CheckpointFolder, Seconds, write_tensors

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

    def begin(self, fit: Fit) -> None:
        """Write all that a resumed or finished fit needs besides its weights.

        Raises:
            ValueError: The folder already holds a fit.
        """
        if self.holds_fit:
            raise ValueError(f"{self.path} already holds a fit; resume it, or choose another folder")
        write_json(self.path / "frame.json", {**fit.frame.to_dict(), "notes": list(fit.notes), "torch": fit.as_torch})
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
            settings = FitSettings.from_dict(yaml.safe_load((self.path / "config.yaml").read_text()))
            plain = json.loads((self.path / "frame.json").read_text())
            notes, as_torch = tuple(plain.pop("notes")), bool(plain.pop("torch"))
            frame = Frame.from_dict(plain)
            target = _target(load_file(self.path / "target.safetensors"), settings.method)
        except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError, SafetensorError) as error:
            raise ValueError(f"the fit in {self.path} cannot be read: {error}") from error
        return Fit(settings=settings, frame=frame, target=target, notes=notes, as_torch=as_torch)

    def write_result(self, result: FitResult) -> Path:
        """Write a finished (or interrupted) fit; the folder is made where it is not the fit's own."""
        if result.folder is None or result.folder.resolve() != self.path.resolve():
            parts = {part.name: getattr(result, part.name) for part in fields(Fit)}
            self.begin(Fit(**parts))
        write_tensors(
            self._final,
            result.field.state_dict(),
            {"step": str(result.step), "seconds": repr(result.seconds)},
        )
        return self.path

    def read_result(self) -> FitResult:
        """The fit as it stands: its final weights, or those of its newest checkpoint.

        Raises:
            ValueError: As :meth:`read`, or there are no weights yet.
        """
        fit = self.read()
        field = build_field(fit.settings.field)
        weights = self._weights()
        try:
            field.load_state_dict(weights.tensors)
        except RuntimeError as error:
            raise ValueError(f"the weights in {self.path} are not those of its config.yaml: {error}") from error
        interrupted = not self._final.is_file()
        return fit.result(field, step=weights.step, seconds=weights.seconds, interrupted=interrupted, folder=self.path)

    @property
    def _final(self) -> Path:
        return self.path / "field.safetensors"

    def _weights(self) -> Checkpoint:
        """The final weights, or else those of the newest checkpoint, and how long they were trained."""
        if self._final.is_file():
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
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
        return Checkpoint(int(header["step"]), float(header["seconds"]), load_file(path))
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise ValueError(f"the weights {path} cannot be read: {error}") from error


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

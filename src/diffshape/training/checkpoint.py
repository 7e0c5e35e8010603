"""Checkpoints: safetensors files that are whole or absent, the newest few kept.

A file ``step_000600.safetensors`` holds tensors named by section ("modules/field/0.weight", "task/pool", "random/cpu",
"optimizer/field/0.weight/exp_avg") and, as strings in its header, the step and the seconds. The newest is found by name
and its checksum compared when it is read, so no second file could disagree with it; nothing is unpickled.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from torch import Tensor

from diffshape._arguments import check, checked
from diffshape._bounds import check_whole
from diffshape._files import remove_leftovers
from diffshape._reprs import one_line
from diffshape._tensor_files import read_tensors, write_tensors
from diffshape.training.schedule import Budget, Seconds

_FORMAT = "diffshape checkpoint 1"
_NAME = re.compile(r"step_(\d{6,})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on after ``step`` steps and ``seconds`` seconds."""

    step: int
    seconds: float
    tensors: Mapping[str, Tensor]

    __repr__ = one_line

    @checked
    def section(self, name: str) -> dict[str, Tensor]:
        """The tensors below ``name``, as a state dictionary.

        >>> import torch
        >>> Checkpoint(3, 0.1, {"modules/net/bias": torch.zeros(1), "task/pool": torch.ones(2)}).section("modules/net")
        {'bias': tensor([0.])}
        """
        prefix = name + "/"
        return {key[len(prefix) :]: tensor for key, tensor in self.tensors.items() if key.startswith(prefix)}


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint`` whole, or leave what was there.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    header = {"format": _FORMAT, "step": str(checkpoint.step), "seconds": repr(float(checkpoint.seconds))}
    write_tensors(path, checkpoint.tensors, header)


@checked
def read_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint to the CPU.

    Raises:
        ValueError: The file is torn, damaged or not a checkpoint.
        OSError: It cannot be read.
    """
    try:
        header, tensors = read_tensors(path, checked=True)
        if header.get("format") != _FORMAT:
            raise ValueError(f"{path} is not a checkpoint: it has no format {_FORMAT!r}")
        return Checkpoint(int(header["step"]), float(header["seconds"]), tensors)
    except ValueError as error:
        raise ValueError(f"read_checkpoint: {error}") from error


@dataclass(frozen=True)
class CheckpointFolder:
    """Folder in which a run saves itself, with the interval of saves and the number of checkpoints kept.

    Args:
        folder: Made at the first save; it belongs to one run.
        every: ``Steps(1000)`` or ``Seconds(60)`` between saves; the end of a run is always saved.
        keep: Checkpoints kept, at least 1; with 2 a damaged newest one costs one interval.
    """

    folder: Path
    every: Budget = Seconds(60)  # noqa: RUF009
    keep: int = 2

    def __post_init__(self) -> None:
        check("CheckpointFolder: folder", str | PathLike[str], self.folder)
        check("CheckpointFolder: every", Budget, self.every)
        check_whole("CheckpointFolder: keep", self.keep, 1)
        object.__setattr__(self, "folder", Path(self.folder))

    def paths(self) -> dict[int, Path]:
        """The checkpoints by step, oldest first."""
        entries = self.folder.iterdir() if self.folder.is_dir() else ()
        found = ((_NAME.fullmatch(path.name), path) for path in entries)
        return dict(sorted((int(match[1]), path) for match, path in found if match))

    @checked
    def path(self, step: int) -> Path:
        """Path of the checkpoint after ``step`` steps, whether it is there or not."""
        return self.folder / f"step_{step:06d}.safetensors"

    @checked
    def save(self, checkpoint: Checkpoint) -> Path:
        """Write ``checkpoint``, then remove older ones beyond ``keep`` and what a killed save left behind."""
        path = self.path(checkpoint.step)
        write_checkpoint(path, checkpoint)
        older = [old for step, old in self.paths().items() if step <= checkpoint.step][: -self.keep]
        for stale in older:
            stale.unlink(missing_ok=True)
        remove_leftovers(self.folder)
        return path

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole, with a warning for each damaged one passed over; None if there are none.

        Raises:
            ValueError: There are checkpoints, but none can be read.
        """
        paths = self.paths()
        for path in reversed(paths.values()):
            try:
                return read_checkpoint(path)
            except (OSError, ValueError) as error:  # noqa: PERF203
                warnings.warn(f"{error}; falling back to the checkpoint before it", stacklevel=2)
        if paths:
            raise ValueError(f"CheckpointFolder: none of the {len(paths)} checkpoints in {self.folder} can be read")
        return None

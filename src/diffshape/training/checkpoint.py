"""Checkpoints: safetensors files that are whole or absent, the newest few kept.

A file ``step_000600.safetensors`` holds tensors named by section ("modules/field/0.weight", "task/pool", "random/cpu",
"optimizer/field/0.weight/exp_avg") and, as strings in its header, the step, the seconds and a CRC-32 of everything. The
newest is found by name and checked when read, so no second file could disagree with it; nothing is unpickled.
"""

import re
import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from diffshape._reprs import one_line
from diffshape.data.files import atomic_path
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

    def section(self, name: str) -> dict[str, Tensor]:
        """The tensors below ``name``, as a state dictionary.

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
    tensors = _separate(checkpoint.tensors)
    header = {"format": _FORMAT, "step": str(checkpoint.step), "seconds": repr(float(checkpoint.seconds))}
    header["crc32"] = _checksum(tensors, header)
    write_tensors(path, tensors, header)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: dict[str, str] | None = None) -> None:
    """Write tensors as a safetensors file, whole or not at all, readable by whom the user's umask lets read.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    with atomic_path(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode  # safetensors makes files private
        try:
            save_file(_separate(tensors), temporary, metadata=header)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        temporary.chmod(mode)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint to the CPU.

    Raises:
        ValueError: The file is torn, damaged or not a checkpoint.
        OSError: It cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"read_checkpoint: {path} is not a whole safetensors file: {error}") from error
    if header.pop("crc32", None) != _checksum(tensors, header) or header.get("format") != _FORMAT:
        raise ValueError(f"read_checkpoint: {path} is damaged or not a checkpoint: its checksum or format is wrong")
    return Checkpoint(int(header["step"]), float(header["seconds"]), tensors)


@dataclass(frozen=True)
class CheckpointFolder:
    """Where a run saves itself, how often, and how many of the newest it keeps.

    Args:
        folder: Made at the first save; it belongs to one run.
        every: ``Steps(1000)`` or ``Seconds(60)`` between saves; the end of a run is always saved.
        keep: Checkpoints kept, at least 1; with 2 a damaged newest one costs one interval.
    """

    folder: Path
    every: Budget = Seconds(60)  # noqa: RUF009
    keep: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        if self.keep < 1:
            raise ValueError(f"CheckpointFolder: keep must be at least 1, got {self.keep}")

    def paths(self) -> dict[int, Path]:
        """The checkpoints by step, oldest first."""
        entries = self.folder.iterdir() if self.folder.is_dir() else ()
        found = ((_NAME.fullmatch(path.name), path) for path in entries)
        return dict(sorted((int(match[1]), path) for match, path in found if match))

    def path(self, step: int) -> Path:
        """Where the checkpoint after ``step`` steps is, or would be."""
        return self.folder / f"step_{step:06d}.safetensors"

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write ``checkpoint``, then remove older ones beyond ``keep`` and what a killed save left behind."""
        path = self.path(checkpoint.step)
        write_checkpoint(path, checkpoint)
        older = [old for step, old in self.paths().items() if step <= checkpoint.step][: -self.keep]
        for stale in (*older, *self.folder.glob(".step_*"), *self.folder.glob(".tmp*")):  # atomic_path's, safetensors'
            stale.unlink(missing_ok=True)
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


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous CPU tensors of which no two share memory, as safetensors wants them."""
    separate, seen = {}, set()
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        storage = plain.untyped_storage().data_ptr()
        separate[name] = plain.clone() if storage in seen else plain
        seen.add(storage)
    return separate


def _checksum(tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> str:
    total = zlib.crc32(repr(sorted(header.items())).encode())
    for name, tensor in sorted(tensors.items()):
        total = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), total)
        total = zlib.crc32(tensor.reshape(-1).view(torch.uint8).numpy().data, total)
    return f"{total:08x}"

"""A saved model: a folder of two files, config.yaml with every setting and model.safetensors with the weights.

Nothing in it is unpickled or executed. Any model is saved so; `load` has the table of those that are read back.
"""

from collections.abc import Collection, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from diffshape._files import nameable, read_yaml, write_yaml
from diffshape._tensor_files import read_tensors
from diffshape.training import write_tensors

_VERSION = 1


class SavedModel(NamedTuple):
    """Content of the two files."""

    kind: str
    """Name of the model, such as "deep-sdf"."""
    settings: dict[str, Any]
    """Plain values by name."""
    tensors: dict[str, Tensor]
    """The weights by name, on the CPU."""


def write_model(
    folder: str | PathLike[str], kind: str, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    """Write both files to a folder, which is made if it is missing; each file whole or not at all.

    Raises:
        OSError: The folder cannot be written.
    """
    path = nameable(folder)
    path.mkdir(parents=True, exist_ok=True)
    write_tensors(path / "model.safetensors", tensors)
    write_yaml(path / "config.yaml", {"version": _VERSION, "kind": kind, **settings})


def read_model(path: Path, kinds: Collection[str]) -> SavedModel:
    """Read both files of a model that is one of ``kinds``.

    Raises:
        ValueError: A file is damaged, or the model is of another version or kind.
        OSError: A file is missing or cannot be read.
    """
    settings = read_yaml(path / "config.yaml")
    version, kind = settings.pop("version", None), settings.pop("kind", None)
    if version != _VERSION or not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"config.yaml must be of version {_VERSION} and a kind out of {', '.join(kinds)}")
    return SavedModel(kind, settings, read_tensors(path / "model.safetensors").tensors)

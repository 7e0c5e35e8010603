"""Models as folders: config.yaml with every setting, model.safetensors with the weights. Nothing is unpickled."""

from collections.abc import Callable, Collection, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from diffshape._arguments import checked
from diffshape._config import from_plain, to_plain
from diffshape._files import nameable, read_yaml, write_yaml
from diffshape._sized_for import SizedFor
from diffshape._tensor_files import read_tensors
from diffshape.models.autoencoders.autoencoder import Autoencoder
from diffshape.models.autoencoders.build import build_model
from diffshape.models.autoencoders.config import MeshConfig, PointCloudConfig, VoxelConfig
from diffshape.training import write_tensors

Model = TypeVar("Model")
_VERSION = 1
_KINDS = {"point-cloud": PointCloudConfig, "mesh": MeshConfig, "voxel": VoxelConfig}


@checked
def save_model(model: Autoencoder, folder: str | PathLike[str]) -> None:
    """Write settings and weights to ``folder``, which is made if it is missing; each file whole or not at all.

    Raises:
        OSError: The folder cannot be written.
    """
    kind = next(name for name, config in _KINDS.items() if isinstance(model.config, config))
    write_folder(folder, kind, to_plain(model.config), model.state_dict())


@checked
def load_model(folder: str | PathLike[str]) -> Autoencoder:
    """The model that :func:`save_model` wrote, on the CPU, ready to use.

    Raises:
        ValueError: There is none, or a file is damaged, of another version, or does not fit the other.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save_model(build_model(VoxelConfig(loss="focal", focal_gamma=5.0)), folder)
    ...     load_model(folder).config.focal_gamma
    5.0
    """

    def build(kind: str, plain: dict[str, Any], tensors: dict[str, Tensor]) -> Autoencoder:
        model = build_model(from_plain(_KINDS[kind], plain))
        model.load_state_dict(tensors)
        return model.eval()

    return read_folder("load_model", folder, _KINDS, build)


def write_folder(
    folder: str | PathLike[str], kind: str, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> None:
    """Write both files of a model of some kind."""
    path = nameable(folder)
    path.mkdir(parents=True, exist_ok=True)
    write_tensors(path / "model.safetensors", tensors)
    write_yaml(path / "config.yaml", {"version": _VERSION, "kind": kind, **settings})


def read_folder(
    function: str,
    folder: str | PathLike[str],
    kinds: Collection[str],
    build: Callable[[str, dict[str, Any], dict[str, Tensor]], Model],
) -> Model:
    """What ``build`` makes of kind, settings and tensors in a folder; one ValueError for all that is wrong."""
    path = Path(folder)
    try:
        plain = read_yaml(path / "config.yaml")
        version, kind = plain.pop("version", None), plain.pop("kind", None)
        if version != _VERSION or not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"config.yaml must be of version {_VERSION} and a kind out of {', '.join(kinds)}")
        tensors = read_tensors(path / "model.safetensors").tensors
        with SizedFor(tensors.values()):
            return build(kind, plain, tensors)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{function}: no model can be read from {path}: {error}; copy it there anew, or save it again"
        ) from error

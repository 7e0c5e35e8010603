"""Models as folders: config.yaml with every setting, model.safetensors with the weights. Nothing is unpickled."""

from os import PathLike
from pathlib import Path

import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file

from diffshape._plain import from_plain, to_plain
from diffshape.data import atomic_path
from diffshape.models.autoencoder import Autoencoder
from diffshape.models.build import build_model
from diffshape.models.config import MeshConfig, PointCloudConfig, VoxelConfig
from diffshape.training import write_tensors

_VERSION = 1
_KINDS = {"point-cloud": PointCloudConfig, "mesh": MeshConfig, "voxel": VoxelConfig}


def save_model(model: Autoencoder, folder: str | PathLike[str]) -> None:
    """Write settings and weights to ``folder``, which is made if it is missing; each file whole or not at all.

    Raises:
        OSError: The folder cannot be written.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    kind = next(name for name, config in _KINDS.items() if isinstance(model.config, config))
    plain = {"version": _VERSION, "kind": kind, **to_plain(model.config)}
    write_tensors(path / "model.safetensors", model.state_dict())
    with atomic_path(path / "config.yaml") as temporary:
        temporary.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")


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
    path = Path(folder)
    try:
        plain = yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8"))
        if not isinstance(plain, dict) or plain.pop("version", None) != _VERSION or plain.get("kind") not in _KINDS:
            raise ValueError(f"config.yaml must be of version {_VERSION} and a kind out of {', '.join(_KINDS)}")
        model = build_model(from_plain(_KINDS[plain.pop("kind")], plain))
        model.load_state_dict(load_file(path / "model.safetensors"))
    except (OSError, TypeError, ValueError, RuntimeError, yaml.YAMLError, SafetensorError) as error:
        raise ValueError(f"load_model: no model can be read from {path}: {error}") from error
    return model.eval()

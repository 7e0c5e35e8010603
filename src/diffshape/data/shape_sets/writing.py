"""Sets of shapes written in the layout of Occupancy Networks."""

import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from torch import Tensor

from diffshape._arguments import checked
from diffshape._files import atomic_path, nameable
from diffshape.data.formats.binvox import write_binvox
from diffshape.data.shape_sets.layouts.occupancy_networks import CLOUD, NEAR, VOLUME, VOXELS
from diffshape.data.shape_sets.shape_set import ShapeSet

_FILES = {
    CLOUD: {"points": "points", "normals": "normals"},
    VOLUME: {"points": "volume_points", "occupancies": "occupancies"},
    NEAR: {"points": "near_points", "occupancies": "near_occupancies", "distances": "near_distances"},
}
"""Parts that each file holds, by the names that they have there."""


@checked
def write_shapes(
    folder: str | PathLike[str], shapes: ShapeSet, *, layout: Literal["occupancy-networks"] = "occupancy-networks"
) -> None:
    """Keep a set of shapes as files, a folder a shape, from which ``read_shapes`` and other programs read it.

    Points are written as float32, occupancies as bits: ``pointcloud.npz`` with normals, ``points.npz`` in the cube of
    side 1.1, voxels as ``model.binvox``, and near points, which the published layout does not have, as ``near.npz``.

    Args:
        folder: Folder to write into; files of these names are replaced, each in one step.
        shapes: The set; each name, of parts between slashes, becomes the path of a folder.
        layout: Layout of the files.

    Images, their cameras, and points whose occupancies are not known are left out, and a warning names them.

    Raises:
        ValueError: There is no shape, two have one name, or a name is no path in the folder.
        OSError: A file cannot be written.

    Source: Mescheder et al., Occupancy Networks, CVPR 2019, and the loaders of its released code.

    >>> import torch
    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.data import read_shapes
    >>> shapes = ShapeSet(names=("chairs/a", "chairs/b"), points=torch.rand(2, 10, 3) - 0.5)
    >>> with TemporaryDirectory() as folder:
    ...     write_shapes(folder, shapes)
    ...     again = read_shapes(folder, points=10)
    >>> again.names, bool((again.points == shapes.points).all())
    (('chairs/a', 'chairs/b'), True)
    """
    base, parts = nameable(folder), shapes.parts()
    _check_names(shapes.names)
    files = {file: keys for file, keys in _FILES.items() if _is_whole(keys, parts)}
    written = {"voxels", *(part for keys in files.values() for part in keys.values())}
    if not parts.keys() & written:
        raise ValueError(f"write_shapes: shapes must have points, volume points, near points or voxels, got {shapes!r}")
    if left := parts.keys() - written:
        warnings.warn(f"write_shapes: {', '.join(sorted(left))} are not written in this layout", stacklevel=3)
    for row, name in enumerate(shapes.names):
        own = {part: values[row].cpu() for part, values in parts.items()}
        for file, keys in files.items():
            _write_archive(base / name / file, {key: own[part] for key, part in keys.items() if part in own})
        if "voxels" in own:
            write_binvox(base / name / VOXELS, own["voxels"].numpy())


def _is_whole(keys: Mapping[str, str], parts: Mapping[str, Tensor]) -> bool:
    """Whether the points of a file are known, and their occupancies if it has such."""
    return all(keys[key] in parts for key in ("points", "occupancies") if key in keys)


def _write_archive(path: Path, tensors: dict[str, Tensor]) -> None:
    """The arrays of a file, with the place and size that the shape has in its own coordinates, which are these."""
    arrays: dict[str, Any] = {"loc": np.zeros(3, np.float32), "scale": np.float32(1)}
    for key, values in tensors.items():
        arrays[key] = np.packbits(values.numpy()) if key == "occupancies" else values.float().numpy()
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)


def _check_names(names: tuple[str, ...]) -> None:
    if not names or len(set(names)) < len(names):
        raise ValueError(f"write_shapes: shapes must have one name each, all different, got {len(names)} names")
    for name in names:
        nameable(name)
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute() or any(part[0] == "." for part in parts):
            raise ValueError(f"write_shapes: shapes have the name {name!r}, which is no path in the folder")

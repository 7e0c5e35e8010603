"""Files of Occupancy Networks: a folder a shape, with ``points.npz``, ``pointcloud.npz``, ``model.binvox``, images.

| file | arrays |
|---|---|
| ``pointcloud.npz`` | ``points`` and ``normals`` on the surface |
| ``points.npz`` | ``points``, even in the cube of side 1.1, and ``occupancies``, packed in bits or not |
| ``near.npz`` | ``points`` near the surface, ``occupancies``, ``distances``: an addition of this library |
| ``model.binvox`` | voxels of the cube from -1/2 to 1/2 |
| ``img_choy2016/`` | images, and ``cameras.npz`` with ``world_mat_0``, ...: rotation and shift, (3, 4) |

Points lie in the shape's own cube; ``loc`` and ``scale``, the way back to the coordinates of the mesh, are not read.
Source: Mescheder et al., Occupancy Networks, CVPR 2019, and the loaders of its released code.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import read_archive
from diffshape.data.formats.binvox import read_binvox
from diffshape.data.formats.pictures import read_gray
from diffshape.data.formats.refusals import refusals
from diffshape.data.shape_sets.layouts.layout import Found, Layout, OneShape, Wanted, drawn_rows, name_in, resized
from diffshape.data.shape_sets.voxel_parts import coarser

CLOUD, VOLUME, NEAR, VOXELS = "pointcloud.npz", "points.npz", "near.npz", "model.binvox"
"""Names of the files of a shape."""
IMAGES, CAMERAS = "img_choy2016", "cameras.npz"
"""Names of the folder of images and of the file in it with their cameras."""
_HALF_NOISE = 1e-4
"""Standard deviation of the noise that takes points off the lattice of half precision, as in the released code."""
_SQUARE = 1e-2
"""Largest entry of R R^T - I of a rotation R of a camera."""


def _select(paths: Sequence[Path]) -> list[Path]:
    names = {CLOUD, VOLUME, NEAR, VOXELS}
    return [path for path in paths if path.name in names or path.parent.name == IMAGES]


def _find(base: Path, paths: list[Path]) -> Found:
    folders = sorted({path.parent.parent if path.parent.name == IMAGES else path.parent for path in paths})
    names = {folder: base.name if folder == base else name_in(base, folder) for folder in folders}
    return Found({name: partial(_read, folder) for folder, name in names.items()})


def _read(folder: Path, wanted: Wanted, generator: torch.Generator) -> OneShape:
    parts: dict[str, Tensor] = {}
    if wanted.points and (folder / CLOUD).exists():
        parts |= _cloud(folder / CLOUD, wanted.points, generator)
    if wanted.volume_points and (folder / VOLUME).exists():
        points, occupancies, _ = _sided(folder / VOLUME, wanted.volume_points, generator)
        parts |= {"volume_points": points, "occupancies": occupancies}
    if wanted.near_points and (folder / NEAR).exists():
        points, occupancies, distances = _sided(folder / NEAR, wanted.near_points, generator)
        parts |= {"near_points": points, "near_occupancies": occupancies}
        parts |= {} if distances is None else {"near_distances": distances}
    if (folder / VOXELS).exists():
        voxels = torch.from_numpy(np.ascontiguousarray(read_binvox(folder / VOXELS)))
        with refusals(folder / VOXELS, "cube of voxels", cure="choose another resolution"):
            parts["voxels"] = coarser(voxels, wanted.resolution or len(voxels))
    if wanted.views and (folder / IMAGES).is_dir():
        parts |= _views(folder / IMAGES, wanted.views, wanted.image_size)
    return OneShape(parts)


def _cloud(path: Path, count: int, generator: torch.Generator) -> dict[str, Tensor]:
    arrays = read_archive(path, ("points", "normals"))
    with refusals(path, "cloud of points"):
        points = _rows(arrays, "points")
        which = drawn_rows(len(points), count, generator, what="points")
        parts = {"points": points[which].float()}
        if "normals" in arrays:
            normals = _rows(arrays, "normals").float()
            if normals.shape != points.shape:
                raise ReadError(f"normals must be {len(points)} like the points, got {len(normals)}")
            parts["normals"] = torch.nn.functional.normalize(normals[which], dim=-1)
    return parts


def _sided(path: Path, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor | None]:
    """Points, whether they are inside, and their distances if the file has them."""
    arrays = read_archive(path, ("points", "occupancies", "distances"))
    with refusals(path, "set of points with occupancies"):
        points = _rows(arrays, "points")
        inside = _unpacked(arrays, len(points))
        which = drawn_rows(len(points), count, generator, what="points")
        chosen = points[which].float()
        if points.dtype == torch.float16:
            chosen += _HALF_NOISE * torch.randn(chosen.shape, generator=generator)
        distances = None
        if "distances" in arrays:
            distances = torch.from_numpy(_numbers(arrays["distances"], "distances", (len(points),))).float()[which]
    return chosen, inside[which], distances


def _unpacked(arrays: dict[str, NDArray[Any]], count: int) -> Tensor:
    """Occupancies as booleans: bits of bytes, of which the last may be unused, or a value for each point."""
    if "occupancies" not in arrays:
        raise ReadError(f"it holds {', '.join(arrays)} and no 'occupancies'")
    values = arrays["occupancies"]
    if values.dtype == np.uint8 and values.shape == ((count + 7) // 8,) != (count,):
        return torch.from_numpy(np.unpackbits(values)[:count].astype(bool))
    return torch.from_numpy(_numbers(values, "occupancies", (count,)) >= 0.5)


def _rows(arrays: dict[str, NDArray[Any]], name: str) -> Tensor:
    if name not in arrays:
        raise ReadError(f"it holds {', '.join(arrays) or 'nothing'} and no {name!r}")
    return torch.from_numpy(_numbers(arrays[name], name, (len(arrays[name]) if arrays[name].ndim else 0, 3)))


def _numbers(array: NDArray[Any], name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array, if it is of real numbers, this shape, and finite."""
    if array.dtype.kind not in "fiub" or array.shape != shape:
        raise ReadError(f"{name} must be numbers of shape {shape}, got {array.dtype}, {array.shape}")
    if not np.isfinite(array).all():
        raise ReadError(f"{name} must be finite")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _views(folder: Path, count: int, size: int | None) -> dict[str, Tensor]:
    """The first images by name, from 0 to 1, and the rotations of their cameras if they are there."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if len(paths) < count:
        raise ReadError(f"{folder}: {len(paths)} images are fewer than the {count} that are asked for")
    images = [read_gray(path) for path in paths[:count]]
    for path, image in zip(paths, images):
        if image.shape != images[0].shape or image.dtype != np.uint8:
            raise ReadError(f"{path}: must be 8-bit grey of {images[0].shape} like the first, got {image.shape}")
    parts = {"images": resized(torch.from_numpy(np.stack(images)).float() / 255, size)}
    if (folder / CAMERAS).exists():
        parts["views"] = _rotations(folder / CAMERAS, count)
    return parts


def _rotations(path: Path, count: int) -> Tensor:
    names = [f"world_mat_{number}" for number in range(count)]
    arrays = read_archive(path, names)
    with refusals(path, "file of cameras"):
        if missing := [name for name in names if name not in arrays]:
            raise ReadError(f"it has no {missing[0]!r}")
        matrices = np.stack([_numbers(arrays[name], name, (3, 4)) for name in names])
        rotations = torch.from_numpy(matrices[:, :, :3]).float()
        if (rotations @ rotations.mT - torch.eye(3)).abs().max() > _SQUARE:
            raise ReadError("the first three columns of a matrix are no rotation")
    return rotations


OCCUPANCY_NETWORKS = Layout(
    "occupancy-networks", f"{VOLUME}, {CLOUD} or {VOXELS} in a folder for each shape", _select, bool, _find
)
"""Folders with ``points.npz`` and ``pointcloud.npz``."""

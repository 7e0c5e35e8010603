"""HDF5 files of IM-NET: ``voxels``, and points near the surface with their values at 16, 32 and 64 voxels a side.

| data set | shape, uint8 |
|---|---|
| ``voxels`` | (N, R, R, R, 1), 0 or 1, flood-filled, of the cube from -1/2 to 1/2 |
| ``points_16``, ``points_32``, ``points_64`` | (N, P, 3), indices of voxels, of 16, 32 or 64 or all of 256 a side |
| ``values_16``, ``values_32``, ``values_64`` | (N, P, 1), 0 or 1 |
| ``pixels`` | (N, V, H, W), grey images |

``NAME.txt`` beside ``NAME.hdf5`` names a shape in each line. Source: Chen and Zhang, Learning Implicit Fields for
Generative Shape Modeling, CVPR 2019, and the sampling scripts of its released code.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffshape.data.arrays import ReadError
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.sizes import require_unpacked
from diffshape.data.shape_sets.layouts.layout import Found, Layout, OneShape, Wanted, drawn_rows, name_in, resized
from diffshape.data.shape_sets.voxel_parts import middles, voxel_parts

_SUFFIXES = (".hdf5", ".h5")
_GRIDS = (64, 32, 16)
"""Numbers in the names of points, the finest first."""
_FULL_GRID = 256
"""Voxels a side of which the improved version keeps indices, whatever the number in the name."""
_OF_HDF5 = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, OverflowError)


def _select(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in _SUFFIXES]


def _find(base: Path, paths: list[Path]) -> Found:
    readers: dict[str, Any] = {}
    wrong = []
    for path in paths:
        try:
            names, grid = _contents(path)
        except (ReadError, OSError) as error:
            wrong.append(str(error))
            continue
        title = path.stem if path == base else name_in(base, path)
        readers |= {f"{title}/{name}": partial(_read, path, row, grid) for row, name in enumerate(names)}
    if wrong:
        raise ReadError(f"{len(wrong)} of {len(paths)} files cannot be read: {'; '.join(wrong)}")
    return Found(readers)


def _contents(path: Path) -> tuple[list[str], tuple[str, int] | None]:
    """Names of the shapes; and the name of the finest points with the voxels a side that they are indices of."""
    with _opened(path) as file:
        shapes = _data_set(file, "voxels", 4).shape[0]
        number = next((grid for grid in _GRIDS if f"points_{grid}" in file), None)
        if number is None or not shapes:
            return _names(path, shapes), None
        name = f"points_{number}"
        largest = int(_row(file, name, 0, path).max(initial=0))
        return _names(path, shapes), (name, number if largest < number else _FULL_GRID)


def _names(path: Path, count: int) -> list[str]:
    """Lines of the list beside a file, if there is one, else numbers."""
    listed = path.with_suffix(".txt")
    if not listed.exists():
        return [f"{number:05d}" for number in range(count)]
    lines = [line.strip() for line in listed.read_text(encoding="utf-8", errors="replace").splitlines()]
    names = [line for line in lines if line]
    if len(names) != count or len(set(names)) != count:
        raise ReadError(f"{listed}: must name each of the {count} shapes of {path.name} once, got {len(names)} lines")
    return names


def _read(path: Path, row: int, grid: tuple[str, int] | None, wanted: Wanted, generator: torch.Generator) -> OneShape:
    with _opened(path) as file:
        full = _row(file, "voxels", row, path)
        if full.ndim not in (3, 4) or len(set(full.shape[:3])) > 1 or full.size != len(full) ** 3:
            raise ReadError(f"voxels must have shape (N, R, R, R, 1), got {('N', *full.shape)}")
        voxels = torch.from_numpy(_binary(full.reshape(full.shape[:3]), "voxels"))
        parts = voxel_parts(voxels, wanted, generator)
        if wanted.near_points and grid is not None:
            parts |= _near(file, path, row, grid, wanted.near_points, generator)
        if wanted.views and "pixels" in file:
            parts["images"] = resized(_images(_row(file, "pixels", row, path), wanted.views), wanted.image_size)
    return OneShape(parts)


def _near(
    file: Any, path: Path, row: int, grid: tuple[str, int], count: int, generator: torch.Generator
) -> dict[str, Tensor]:
    name, side = grid
    values_name = name.replace("points", "values")
    indices, values = _row(file, name, row, path), _row(file, values_name, row, path)
    if indices.ndim != 2 or indices.shape[1] != 3 or indices.dtype.kind not in "iu" or values.size != len(indices):
        raise ReadError(
            f"{name} must be whole numbers of shape (N, P, 3) with as many {values_name}, got {indices.dtype}, "
            f"{('N', *indices.shape)} and {values.size}"
        )
    cells = torch.from_numpy(indices.astype(np.int64))  # before anything is added, as 255 + 1 is 0 in bytes
    if len(cells) and not 0 <= int(cells.min()) <= int(cells.max()) < side:
        raise ReadError(f"{name} has indices beyond {side} voxels")
    which = drawn_rows(len(cells), count, generator, what=name)
    inside = torch.from_numpy(_binary(values.reshape(-1), values_name))
    return {"near_points": middles(cells[which], side), "near_occupancies": inside[which]}


def _images(pixels: NDArray[Any], count: int) -> Tensor:
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or len(pixels) < count:
        raise ReadError(f"pixels must be bytes of shape (N, {count} or more, H, W), got {pixels.dtype}, {pixels.shape}")
    return torch.from_numpy(pixels[:count]).float() / 255


def _binary(array: NDArray[Any], name: str) -> NDArray[np.bool_]:
    if array.dtype.kind not in "fiub" or not ((array == 0) | (array == 1)).all():
        raise ReadError(f"{name} must be 0 or 1")
    return array == 1


def _row(file: Any, name: str, row: int, path: Path) -> NDArray[Any]:
    """One row of a data set, whose size is compared with the file's before it is read."""
    found = _data_set(file, name, 2)
    if row >= found.shape[0]:
        raise ReadError(f"{name} has {found.shape[0]} rows and no row {row}")
    require_unpacked(found.nbytes // max(found.shape[0], 1), path.stat().st_size, name)
    return found[row]


def _data_set(file: Any, name: str, dimensions: int) -> Any:
    found = file.get(name)
    if found is None or not hasattr(found, "shape"):
        raise ReadError(f"it holds {', '.join(file) or 'nothing'} and no data set {name!r}")
    if len(found.shape) < dimensions:
        raise ReadError(f"{name} must have {dimensions} dimensions or more, got shape {found.shape}")
    return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """An HDF5 file, whose faults become sentences that name it."""
    try:
        import h5py  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(f"{path}: HDF5 files are read with h5py, which is not installed; pip install h5py") from error
    with refusals(path, "HDF5 file of shapes", foreign=_OF_HDF5), h5py.File(path, "r") as file:
        yield file


IM_NET = Layout("im-net", f"HDF5 files ({', '.join(_SUFFIXES)}) with voxels", _select, bool, _find)
"""HDF5 files with ``voxels``, ``points_64``, ``values_64``."""

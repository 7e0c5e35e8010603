"""Arrays of voxels, 0 or 1: NPY and NPZ files of shape (N, R, R, R) or (N, 1, R, R, R), as ModelNet10 is passed on.

What voxels enclose becomes full, so that shells, which most of these are, become solids. Empty shapes and repeated ones
are left out, with notes that count them. Axes are those of the arrays.
"""

import contextlib
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from diffshape.data.arrays import ReadError
from diffshape.data.formats.arrays import mapped_array, read_archive
from diffshape.data.shape_sets.layouts.layout import Found, Layout, OneShape, Wanted, name_in
from diffshape.data.shape_sets.voxel_parts import near_parts, voxel_parts


def _select(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in (".npy", ".npz")]


def _recognises(paths: list[Path]) -> bool:
    """Whether a file holds cubes of voxels; those that cannot be read do not tell."""
    for path in paths:
        with contextlib.suppress(ReadError, OSError):
            return all(_is_cubes(array) for array in _arrays(path).values())
    return False


def _find(base: Path, paths: list[Path]) -> Found:
    shapes: dict[str, NDArray[np.bool_]] = {}
    seen: dict[bytes, str] = {}
    empty, repeated, wrong = 0, 0, []
    for path in paths:
        title = path.stem if path == base else name_in(base, path)
        try:
            found = {key: _cubes(path, key, array) for key, array in _arrays(path).items()}
        except (ReadError, OSError) as error:
            wrong.append(str(error))
            continue
        for key, cubes in found.items():
            for number, cube in enumerate(cubes):
                content = sha256(np.packbits(cube).tobytes() + bytes(len(cube))).digest()
                if not cube.any():
                    empty += 1
                elif content in seen:
                    repeated += 1
                else:
                    seen[content] = name = f"{title}/{key}{number:05d}"
                    shapes[name] = cube
    if wrong:
        raise ReadError(f"{len(wrong)} of {len(paths)} files cannot be read: {'; '.join(wrong)}")
    total = len(shapes) + empty + repeated
    counts = (("are empty", empty), ("repeat others", repeated))
    notes = [f"{count:,} of {total:,} arrays of voxels {what} and are left out." for what, count in counts if count]
    return Found({name: partial(_read, cube) for name, cube in shapes.items()}, tuple(notes))


def _read(cube: NDArray[np.bool_], wanted: Wanted, generator: torch.Generator) -> OneShape:
    filled: Any = binary_fill_holes(cube)
    voxels = torch.from_numpy(filled)
    parts = voxel_parts(voxels, wanted, generator)
    if wanted.near_points:
        parts |= near_parts(voxels, wanted.near_points, generator)
    return OneShape(parts, ("Voxels that others enclose were filled.",) if (filled != cube).any() else ())


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays by name, with a slash; that of an NPY file has none."""
    if path.suffix.lower() == ".npy":
        return {"": mapped_array(path)}
    return {f"{key}/": array for key, array in read_archive(path).items()}


def _is_cubes(array: NDArray[Any]) -> bool:
    return array.ndim in (4, 5) and len(set(array.shape[-3:])) == 1 and (array.ndim == 4 or array.shape[1] == 1)


def _cubes(path: Path, key: str, array: NDArray[Any]) -> NDArray[np.bool_]:
    """The voxels of an array, (N, R, R, R); one shape at a time, as the file may be larger than the memory."""
    title = f"{path}: {f'array {key[:-1]!r}' if key else 'the array'}"
    if array.dtype.kind not in "fiub" or not _is_cubes(array) or not array.size:
        raise ReadError(
            f"{title} must be numbers of shape (N, R, R, R) or (N, 1, R, R, R), got {array.dtype}, {array.shape}"
        )
    cubes = np.empty((len(array), *array.shape[-3:]), bool)
    for number, each in enumerate(array):
        values = np.asarray(each).reshape(array.shape[-3:])
        cubes[number] = values == 1
        if not (cubes[number] | (values == 0)).all():
            raise ReadError(f"{title} must hold 0 or 1; shape {number} holds others")
    return cubes


VOXELS = Layout("voxels", "NPY or NPZ arrays of voxels, (N, R, R, R)", _select, _recognises, _find)
"""Arrays of voxels."""

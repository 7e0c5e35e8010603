"""Cubes of voxels as binvox files: a header in text, then runs of equal voxels, two bytes each.

A run is its value, 0 or 1, and its length, 1 to 255. Voxels are written with y running fastest, then z, then x.
Source: Patrick Min, binvox, https://www.patrickmin.com/binvox/binvox.html.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape._files import atomic_path
from diffshape.data.arrays import ReadError
from diffshape.data.formats.refusals import refusals

_HEADER = re.compile(rb"#binvox 1\s+dim (\d{1,4}) (\d{1,4}) (\d{1,4})\s[^\0]{0,200}?data\n")
_LONGEST = 255
"""Largest length of a run."""


def read_binvox(path: Path) -> NDArray[np.bool_]:
    """The voxels of a file, shape (R, R, R), indexed x, y, z; where the cube lies is not read.

    Raises:
        ReadError: The file is not a binvox file of a cube, or its runs are not as many voxels as it promises.
        OSError: It cannot be read.
    """
    with refusals(path, "binvox file"):
        content = path.read_bytes()
        header = _HEADER.match(content)
        if header is None:
            raise ReadError("its header is damaged")
        sides = [int(side) for side in header.groups()]
        if len(set(sides)) > 1:
            raise ReadError(f"it holds {'x'.join(map(str, sides))} voxels, not a cube")
        runs = np.frombuffer(content, np.uint8, offset=header.end())
        values, lengths = runs[: len(runs) // 2 * 2].reshape(-1, 2).T
        if len(runs) % 2 or int(lengths.sum(dtype=np.int64)) != sides[0] ** 3 or (values > 1).any():
            raise ReadError(f"its runs are not {sides[0]}^3 voxels; it is cut short or damaged")
        return np.repeat(values, lengths).reshape(sides).astype(bool).transpose(0, 2, 1)


def write_binvox(path: Path, voxels: NDArray[np.bool_]) -> None:
    """Write voxels (R, R, R) of the cube from -1/2 to 1/2, indexed x, y, z."""
    flat = voxels.transpose(0, 2, 1).reshape(-1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1])
    values, lengths = flat[starts], np.diff([*starts, flat.size])
    pieces = -(-lengths // _LONGEST)  # a longer run becomes whole ones and what is left
    runs = np.full((int(pieces.sum()), 2), _LONGEST, np.uint8)
    runs[:, 0] = np.repeat(values, pieces)
    runs[np.cumsum(pieces) - 1, 1] = lengths - (pieces - 1) * _LONGEST
    side = len(voxels)
    header = f"#binvox 1\ndim {side} {side} {side}\ntranslate -0.5 -0.5 -0.5\nscale 1\ndata\n"
    with atomic_path(path) as temporary:
        temporary.write_bytes(header.encode() + runs.tobytes())

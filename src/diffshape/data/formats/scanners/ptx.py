"""PTX files of laser scanners: scans, each a header of ten lines and a grid of rows ``x y z intensity [r g b]``.

    columns / rows / scanner's position / its x, y and z axis / 4 x 4 matrix, row by row, its translation in the last

The matrix takes the points of a scan to the common frame: (x, y, z, 1) times it. A row of zeros is a ray without a
return.
Source: Leica Geosystems, "Cyclone PTX file format".
"""

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.columns import Table, with_colors
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.sizes import require_held
from diffshape.data.formats.text.encoding import open_text

_SHORTEST = 6  # characters of a row: "0 0 0" and the end of the line


def read_ptx(path: Path) -> Table:
    """All returns of all scans, in the common frame, with their intensity and colours.

    Raises:
        ReadError: A header or a grid is incomplete.
    """
    size = path.stat().st_size
    with refusals(path, "PTX file"):
        with open_text(path) as file:
            scans = list(_scans(file, size))
        if not scans:
            raise ValueError("it holds no scan")
        width = min(scan.shape[1] for scan, _ in scans)
        rows = np.vstack([scan[:, :width] for scan, _ in scans])
    empty = sum(missing for _, missing in scans)
    notes = [f"The file holds {len(scans)} scans; all are read, in their common frame."] if len(scans) > 1 else []
    notes += [f"{empty:,} rays without a return are left out."] if empty else []
    attributes: dict[str, NDArray[Any]] = {"intensity": rows[:, 3]} if width > 3 else {}
    if width >= 7:
        attributes |= with_colors(dict(zip(("red", "green", "blue"), rows[:, 4:7].T)))
    return Table(rows[:, :3], None, attributes, tuple(notes))


def _scans(file: TextIO, size: int) -> Iterator[tuple[NDArray[np.float64], int]]:
    """The returns of each scan in the common frame, and how many rays came back without one."""
    while (first := file.readline()) != "":
        if not first.strip():
            continue
        header = [first.split(), *(file.readline().split() for _ in range(9))]
        try:
            columns, lines = int(header[0][0]), int(header[1][0])
            matrix = np.array([[float(word) for word in words] for words in header[6:]]).reshape(4, 4)
        except (ValueError, IndexError) as error:
            raise ValueError("a scan does not begin with its size, four vectors and a matrix of four rows") from error
        number = columns * lines
        if min(columns, lines) < 0 or not np.isfinite(matrix).all():
            raise ValueError(f"a scan of {columns} x {lines} points")
        require_held(number * _SHORTEST, size + 1, f"{number} points")
        rows = _rows(file, number)
        returns = rows[(rows[:, :3] != 0).any(axis=1)]
        with np.errstate(over="ignore", invalid="ignore"):
            returns[:, :3] = returns[:, :3] @ matrix[:3, :3] + matrix[3, :3]
        yield returns, number - len(returns)


def _rows(file: TextIO, number: int) -> NDArray[np.float64]:
    if number == 0:
        return np.empty((0, 7))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a file that ends here is refused below
            rows = np.loadtxt(islice(file, number), ndmin=2, comments=None)
    except ValueError as error:
        raise ValueError("a row is not x y z and an intensity") from error
    if len(rows) != number or rows.shape[1] < 3:
        raise ValueError(f"{number} rows promised, {len(rows)} of {rows.shape[1]} numbers found; it is cut short")
    return rows

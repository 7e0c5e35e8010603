"""Tables of numbers as point files: text, NPY and NPZ. Arrays of Python objects are refused, never unpickled."""

import re
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from tokenize import TokenError
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError, real_rows

_HEADER_LINES = 100
# what numpy.load raises for damaged headers and archives
_NUMPY_ERRORS = (ValueError, EOFError, OSError, LookupError, RuntimeError, TokenError, zipfile.BadZipFile, zlib.error)
_AXES, _NORMAL_AXES = ("x", "y", "z"), ("nx", "ny", "nz")


class Table(NamedTuple):
    """Points (N, 3) and normals (N, 3) or None as they stand in a file, with notes on what was left out."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None
    notes: tuple[str, ...] = ()


def read_text(path: Path) -> Table:
    """Rows of numbers between spaces, tabs, commas or semicolons; ``#`` begins a comment.

    Lines before the first row of three numbers are a header; one that names x, y and z says where they stand.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = list(islice(file, _HEADER_LINES))
    skip = next((index for index, line in enumerate(head) if len(_numbers(line)) >= 3), None)
    if skip is None:
        raise ReadError(
            f"{path}: no row of three numbers in its first {_HEADER_LINES} lines; a point file has x y z in each row"
        )
    separator = next((mark for mark in (",", ";") if mark in head[skip]), None)
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            rows = np.loadtxt(file, delimiter=separator, skiprows=skip, comments="#", ndmin=2)
    except ValueError as error:
        raise ReadError(
            f"{path}: not a table of numbers ({error}); every row needs the same number of columns"
        ) from error
    names = re.findall(r"\w+", head[skip - 1].lower()) if skip else []
    return _named_columns(rows, names) if set(_AXES) <= set(names) and len(names) == rows.shape[1] else _columns(rows)


def read_npy(path: Path) -> Table:
    """One array of (N, 3), (N, 6) or (N, D) numbers."""
    try:
        array = np.load(path, allow_pickle=False)
    except _NUMPY_ERRORS as error:
        raise ReadError(
            f"{path}: not a readable NumPy array of numbers ({error}); save it again with numpy.save"
        ) from error
    if not isinstance(array, np.ndarray):
        raise ReadError(f"{path}: holds several arrays; name it .npz")
    return _columns(real_rows(array, name="the array", columns=None))


def read_npz(path: Path) -> Table:
    """The array ``points``, ``xyz`` or ``pos``, or the only one; ``normals`` beside it if there are as many."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            key = next((key for key in ("points", "xyz", "pos") if key in archive.files), None)
            if key is None and len(archive.files) == 1:
                key = archive.files[0]
            if key is None:
                raise ReadError(
                    f"{path}: holds {', '.join(archive.files) or 'nothing'}; name the points 'points', 'xyz' or 'pos'"
                )
            table = _columns(real_rows(archive[key], name=f"array {key!r}", columns=None))
            if "normals" in archive.files:
                table = table._replace(normals=real_rows(archive["normals"], name="array 'normals'"))
    except ReadError:
        raise
    except _NUMPY_ERRORS as error:
        raise ReadError(f"{path}: not a readable NumPy archive ({error}); save it again with numpy.savez") from error
    return table


def _numbers(line: str) -> list[float]:
    """The numbers of a text row; none if anything else stands in it."""
    try:
        return [float(word) for word in re.split(r"[\s,;]+", line.partition("#")[0].strip()) if word]
    except ValueError:
        return []


def _named_columns(rows: NDArray[np.float64], names: list[str]) -> Table:
    points = rows[:, [names.index(axis) for axis in _AXES]]
    if set(_NORMAL_AXES) <= set(names):
        return Table(points, rows[:, [names.index(axis) for axis in _NORMAL_AXES]])
    return Table(points, None)


def _columns(rows: NDArray[np.float64]) -> Table:
    """The first three columns are the points; the last three of six their normals, if they look like directions."""
    number = rows.shape[1]
    if number < 3 or (number > 6 and len(rows) <= 3):
        raise ValueError(
            f"the points must have shape (N, 3), got {rows.shape}{'; transpose them' if len(rows) == 3 else ''}"
        )
    if number == 3:
        return Table(rows, None)
    if number == 6:
        length = np.linalg.norm(rows[:, 3:], axis=1)
        if 0.5 < np.median(length[length > 0] if (length > 0).any() else 0.0) < 2:
            return Table(rows[:, :3], rows[:, 3:])
        return Table(
            rows[:, :3], None, ("Columns 4 to 6 are not used: their length is far from 1, so they are no normals.",)
        )
    return Table(rows[:, :3], None, (f"Only the first 3 of {number} columns are used, as x, y and z.",))

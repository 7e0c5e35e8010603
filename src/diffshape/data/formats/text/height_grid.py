"""Heights on a grid, as geographic programs write them (ESRI ASCII grid, ``.asc``): a point for each cell.

    ncols 3 / nrows 5 / xllcorner 500000 / yllcorner 4500000 / cellsize 10 / NODATA_value -9999 / rows from the north

A point stands in the middle of its cell. Cells without a height are left out.
Source: ESRI, "ASCII raster format", ArcGIS documentation.
"""

import warnings
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import Table

_KEYS = ("ncols", "nrows", "xllcorner", "xllcenter", "yllcorner", "yllcenter", "cellsize", "dx", "dy", "nodata_value")


def is_height_grid(head: list[str]) -> bool:
    """Whether a file begins as such a grid does.

    >>> is_height_grid(["NCOLS 4", "NROWS 4"]), is_height_grid(["1 2 3", "4 5 6"])
    (True, False)
    """
    keys = [line.split()[0].lower() for line in head[:8] if line.strip()]
    return {"ncols", "nrows"} <= set(keys) and keys[0] in _KEYS


def read_height_grid(path: Path, encoding: str) -> Table:
    """The middle of each cell that has a height, and that height.

    Raises:
        ReadError: The header or the heights are incomplete.
    """
    with path.open(encoding=encoding, errors="replace") as file:
        head, text = _parted(file)
    try:
        columns, rows = int(head["ncols"]), int(head["nrows"])
        steps = float(head.get("dx", head.get("cellsize", ""))), float(head.get("dy", head.get("cellsize", "")))
        low = [
            float(head[f"{axis}llcenter"]) if f"{axis}llcenter" in head else float(head[f"{axis}llcorner"]) + step / 2
            for axis, step in zip("xy", steps)
        ]
        missing = float(head.get("nodata_value", "-9999"))
    except (ValueError, KeyError) as error:
        raise ReadError(
            f"{path}: the header of an ESRI grid needs ncols, nrows, xllcorner, yllcorner and cellsize, each a number"
        ) from error
    heights = _heights(text)
    if heights is None or min(columns, rows) < 1 or heights.size != columns * rows:
        found = "words among them" if heights is None else f"{heights.size} found"
        raise ReadError(f"{path}: an ESRI grid of {columns} x {rows} heights, {found}; it is cut short or damaged")
    if not (np.abs([*low, *steps]) < 1e30).all() or min(steps) <= 0:
        raise ReadError(f"{path}: an ESRI grid whose cells are {steps[0]} x {steps[1]}, at {low}; export it again")
    heights = heights.reshape(rows, columns)
    x = np.broadcast_to(low[0] + steps[0] * np.arange(columns), heights.shape)
    y = np.broadcast_to((low[1] + steps[1] * np.arange(rows)[::-1])[:, None], heights.shape)
    known = (heights != missing) & np.isfinite(heights)
    left = int((~known).sum())
    note = f"An ESRI grid of {columns:,} x {rows:,} heights, a point in the middle of each cell"
    notes = (f"{note}; {left:,} cells without a height are left out." if left else f"{note}.",)
    return Table(np.stack([x[known], y[known], heights[known]], axis=1).astype(np.float64), notes=notes)


def _parted(file: TextIO) -> tuple[dict[str, str], str]:
    """The values of the header by key, and the text after it."""
    head, line = {}, file.readline()
    while line and (not line.strip() or line.split()[0].lower() in _KEYS):
        words = line.split()
        head.update({words[0].lower(): words[-1].replace(",", ".")} if words else {})
        line = file.readline()
    return head, (line + file.read()).replace(",", ".")


def _heights(text: str) -> NDArray[np.float64] | None:
    """All numbers of a text; None if something else stands among them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            return np.fromstring(text, sep=" ")
    except (DeprecationWarning, ValueError):
        return None

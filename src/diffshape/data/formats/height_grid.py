"""Heights on a grid, as geographic programs write them (ESRI ASCII grid, ``.asc``): a point for each cell.

    ncols 3 / nrows 5 / xllcorner 500000 / yllcorner 4500000 / cellsize 10 / NODATA_value -9999 / rows from north to south

A point stands in the middle of its cell. Cells without a height are left out.
Source: ESRI, "ASCII raster format", ArcGIS documentation.
"""

import warnings
from pathlib import Path

import numpy as np

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import Table
from diffshape.data.formats.sizes import require_held

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
        ReadError: A header or heights that are not whole.
    """
    with path.open(encoding=encoding, errors="replace") as file:
        head, line = {}, file.readline()
        while line and (not line.strip() or line.split()[0].lower() in _KEYS):
            words = line.split()
            head.update({words[0].lower(): words[-1]} if words else {})
            line = file.readline()
        text = line + file.read()
    try:
        columns, rows = int(head["ncols"]), int(head["nrows"])
        require_held(2 * columns * rows, len(text) + 1, f"{columns} x {rows} heights")
        steps = float(head.get("dx", head.get("cellsize", "nan"))), float(head.get("dy", head.get("cellsize", "nan")))
        low = [
            float(head[f"{axis}llcenter"]) if f"{axis}llcenter" in head else float(head[f"{axis}llcorner"]) + step / 2
            for axis, step in zip("xy", steps)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            heights = np.fromstring(text.replace(",", "."), sep=" ")
        if heights.size != columns * rows or not np.isfinite([*low, *steps]).all() or min(steps) <= 0:
            raise ValueError(f"{columns} x {rows} heights promised, {heights.size} found, cells of {steps}")
        missing = float(head.get("nodata_value", "-9999"))
    except (ValueError, KeyError, OverflowError, DeprecationWarning) as error:
        raise ReadError(f"{path}: not a whole ESRI grid of heights ({error}); export it again") from error
    heights = heights.reshape(rows, columns)
    x = np.broadcast_to(low[0] + steps[0] * np.arange(columns), heights.shape)
    y = np.broadcast_to((low[1] + steps[1] * np.arange(rows)[::-1])[:, None], heights.shape)
    known = (heights != missing) & np.isfinite(heights)
    note = f"An ESRI grid of {columns:,} x {rows:,} heights"
    left = int((~known).sum())
    notes = (f"{note}; {left:,} cells without a height are left out." if left else f"{note}.",)
    return Table(np.stack([x[known], y[known], heights[known]], axis=1), notes=notes)

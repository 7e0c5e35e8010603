"""Points as text: XYZ, TXT, CSV, PTS, ASC, XYZN, XYZRGB. A row a point; lines above the rows are a header.

The first hundred lines tell how the rows are written and what the columns are called. NumPy then reads the rows in one
piece. What it cannot read (missing values, or the next scan's count between rows) is read again line by line, where
errors name the line.
"""

import os
import re
from array import array
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.attributes import color_bytes
from diffshape.data.formats.columns import Table, named_table, unnamed_table
from diffshape.data.formats.text.encoding import open_text
from diffshape.data.formats.text.header import ROW_NUMBER, column_names, other_names
from diffshape.data.formats.text.height_grid import is_height_grid, read_height_grid
from diffshape.data.formats.text.layout import Layout, is_comment, is_count, layout_of, row_cells

_HEAD = 100


def read_text(path: Path) -> Table:
    """Rows of numbers between spaces, tabs, commas or semicolons; ``#`` begins a comment.

    Columns named x, y and z are found by name; a grid of heights (ESRI) is read as one.

    Raises:
        ReadError: There is no table of numbers, or the header names x, y and z but not which columns they are.
    """
    head, encoding = _head(path)
    if is_height_grid(head):
        return read_height_grid(path, encoding)
    try:
        layout = layout_of(head)
        names = _names(head, layout, path.suffix.lower())
        rows, notes = _rows(path, encoding, head, layout)
        if names is None:
            others = other_names(head[: layout.start], layout.width, layout.separator)
            notes += _notes(layout, others)
            called = [others[column] for column in layout.numeric] if others else []
            if called:
                notes.append(f"The header names no x, y and z; {', '.join(map(repr, called[:3]))} are taken for them.")
            table = unnamed_table(rows, names=called)
        else:
            notes += _notes(layout, names)
            table = named_table({name: rows[:, place] for place, name in enumerate(_unique(names, layout))})
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error
    return table._replace(notes=(*notes, *table.notes))


def read_normals_text(path: Path) -> Table:
    """XYZN: x y z nx ny nz in each row; the normals may have any length."""
    rows = _six_columns(path)
    return Table(rows[:, :3], rows[:, 3:])


def read_colors_text(path: Path) -> Table:
    """XYZRGB: x y z r g b in each row, from 0 to 255 or from 0 to 1."""
    rows = _six_columns(path)
    colors = color_bytes(rows[:, 3:])
    if colors is None:
        raise ReadError(f"{path}: columns 4 to 6 must be colours from 0 to 255 or from 0 to 1")
    return Table(rows[:, :3], None, {"colors": colors})


def _head(path: Path) -> tuple[list[str], str]:
    """The first lines, a hundred that are no comments or ten thousand in all, and the encoding of the file."""
    head: list[str] = []
    rows = 0
    with open_text(path) as file:
        for line in islice(file, 100 * _HEAD):
            head.append(line)
            rows += not is_comment(line)
            if rows == _HEAD:
                break
    if any("\0" in line for line in head):
        raise ReadError(f"{path}: holds binary data, not text; give the file the suffix of its format")
    return head, file.encoding


def _six_columns(path: Path) -> NDArray[np.float64]:
    head, encoding = _head(path)
    try:
        layout = layout_of(head)
        if not layout.plain or layout.width != 6:
            raise ValueError(f"{path.suffix} wants six numbers a row, got {layout.width} columns; name it .txt or .csv")
        return _rows(path, encoding, head, layout)[0]
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error


def _names(head: list[str], layout: Layout, suffix: str) -> list[str] | None:
    """Names of the columns, if x, y and z are among them.

    Raises:
        ValueError: x, y and z are named and cannot be found, or not named, and words stand between the first numbers.
    """
    cells = [row_cells(line, layout.separator) for line in head[layout.start :]]
    rows = [each for each in cells if len(each) >= layout.width]
    names = column_names(head[: layout.start], layout.width, rows, layout.separator, remarks=layout.remarks)
    if names is None and suffix == ".pts" and layout.plain and layout.width in (4, 7):
        return ["x", "y", "z", "intensity", "red", "green", "blue"][: layout.width]
    first, _, third = layout.numeric[:3]
    if names is None and any(first < column < third for column in layout.words):
        raise ValueError(
            "a column of words stands among the first three of numbers, so that x, y and z cannot be found; "
            "name the columns in a header"
        )
    return names


def _unique(names: list[str], layout: Layout) -> list[str]:
    """Names of the columns of numbers, none of them empty or twice."""
    unique: list[str] = []
    for column in layout.numeric:
        name = names[column] or f"column {column + 1}"
        unique.append(f"{name} (column {column + 1})" if name in unique else name)
    return unique


def _notes(layout: Layout, names: list[str]) -> list[str]:
    """Notes on columns that are left out or named here."""
    called = {column: f" ({names[column]!r})" for column in layout.words if names and names[column]}
    notes = [f"Column {column + 1}{called.get(column, '')} holds words and is left out." for column in layout.words]
    if layout.remarks:
        notes.append(f"The words behind column {layout.width} are left out.")
    if names[:1] == [ROW_NUMBER]:
        notes.append(f"Column 1 has no name and is taken for {ROW_NUMBER}s.")
    return notes


def _rows(path: Path, encoding: str, head: list[str], layout: Layout) -> tuple[NDArray[np.float64], list[str]]:
    """The columns of numbers, (N, D), and notes."""
    options: dict[str, Any] = {"delimiter": layout.separator, "skiprows": layout.start, "ndmin": 2}
    if not layout.plain:
        options["usecols"] = layout.numeric
    try:
        if layout.decimal_comma:
            with path.open(encoding=encoding, errors="replace") as file:
                rows = np.loadtxt((line.replace(",", ".") for line in file), **options)
        else:  # a path is read a quarter faster than lines
            bytewise = "latin-1" if encoding == "utf-8-sig" and layout.start else encoding
            rows = np.loadtxt(os.path.abspath(path), encoding=bytewise, **options)
    except ValueError:
        rows, scans = _rows_line_by_line(path, encoding, head, layout)
        if scans > 1:
            return rows, [f"The file holds {scans} scans; all their points are read."]
    count = next((int(re.sub(r"\D", "", line)) for line in reversed(head[: layout.start]) if is_count(line)), len(rows))
    return rows, [f"The header counts {count:,} points; the file holds {len(rows):,}."] if count != len(rows) else []


def _rows_line_by_line(path: Path, encoding: str, head: list[str], layout: Layout) -> tuple[NDArray[np.float64], int]:
    """The columns of numbers, and how many scans there are, each but the first begun by its count.

    Raises:
        ValueError: A line is not a row like the others, a comment, a count, or a line of the header.
    """
    header = {line.strip() for line in head[: layout.start]}
    values, scans, remark = array("d"), 1, -1
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in enumerate(islice(file, layout.start, None), layout.start + 1):
            if number == remark or is_comment(line) or not line.partition("#")[0].strip(" \t\r\n,;"):
                continue
            row = layout.row(line)
            if row is not None:
                values.extend(row)
            elif is_count(line):
                scans += 1
                remark = number + 1 if layout.words[:1] == (0,) else -1  # files of chemistry
            elif line.strip() not in header:
                raise ValueError(
                    f"not a table of numbers: line {number} is no row like the others, {line.strip()[:60]!r}; "
                    "every row needs the same columns"
                )
    return np.array(values, np.float64).reshape(-1, len(layout.numeric)), scans

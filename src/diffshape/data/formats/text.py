"""Points as text: XYZ, TXT, CSV, PTS, ASC, XYZN, XYZRGB. A row a point; what stands above the rows is a header.

The first hundred lines tell what separates the cells, whether commas are decimal points, which columns are words, and
what the columns are called. NumPy then reads the rows in one piece. What it cannot read (missing values, or the next
scan's count between rows) is read again line by line, where an error knows its line.
"""

import codecs
import os
import re
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import MOST_COLUMNS, Table, axis_columns, color_bytes, named_table, unnamed_table
from diffshape.data.formats.header import COMMENTS, ROW_NUMBER, column_names, other_names, split_cells
from diffshape.data.formats.height_grid import is_height_grid, read_height_grid

_HEAD = 100
_MISSING = frozenset(("", "na", "n/a", "null", "none", "-", "?", "nan(ind)", "-nan(ind)", "1.#qnan", "-1.#ind"))
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?")
_NAN = float("nan")


@dataclass(frozen=True)
class _Layout:
    """How the rows of a file are written."""

    start: int
    """Lines above the first row."""
    separator: str | None
    """None: spaces and tabs."""
    decimal_comma: bool
    width: int
    """How many columns there are; those at the end that are empty are not counted."""
    numeric: tuple[int, ...]
    """Which columns hold numbers."""
    words: tuple[int, ...]
    """Which columns hold words."""
    remarks: bool
    """Whether words, any number of them, stand behind the columns."""

    @property
    def plain(self) -> bool:
        """Whether all columns are numbers."""
        return len(self.numeric) == self.width and not self.remarks

    def row(self, line: str) -> list[float] | None:
        """The numbers of a row; None if the line is no row like the others."""
        cells = _cells(line, self.separator)
        if len(cells) < self.width or any(cells[self.width :]):
            return None
        numbers = [_number(cells[column], self.decimal_comma) for column in self.numeric]
        return [number for number in numbers if number is not None] if None not in numbers else None


def read_text(path: Path) -> Table:
    """Rows of numbers between spaces, tabs, commas or semicolons; ``#`` begins a comment.

    Columns named x, y and z are found by name; a grid of heights (ESRI) is read as one.

    Raises:
        ReadError: No table of numbers, or a header that names x, y and z and does not tell their columns.
    """
    encoding = text_encoding(path)
    head = _head(path, encoding)
    if is_height_grid(head):
        return read_height_grid(path, encoding)
    layout = _layout(path, head)
    names = _names(path, head, layout)
    rows, notes = _rows(path, encoding, head, layout)
    if names is None and path.suffix.lower() == ".pts" and layout.plain and layout.width in (4, 7):
        names = ["x", "y", "z", "intensity", "red", "green", "blue"][: layout.width]
    notes += [f"Column 1 has no name and is taken for {ROW_NUMBER}s."] if names and names[0] == ROW_NUMBER else []
    notes += [f"{_called(column, names)} holds words and is left out." for column in layout.words]
    notes += [f"The words behind column {layout.width} are left out."] if layout.remarks else []
    if names is not None:
        table = named_table({name: rows[:, place] for place, name in enumerate(_unique(names, layout))})
    else:
        _require_three(path, layout)
        others = other_names(head[: layout.start], layout.width, layout.separator)
        called = [others[column] for column in layout.numeric] if others else []
        if called:
            notes.append(f"The header names no x, y and z; {', '.join(map(repr, called[:3]))} are taken for them.")
        table = unnamed_table(rows, names=called)
    return table._replace(notes=(*notes, *table.notes))


def read_normals_text(path: Path) -> Table:
    """XYZN: x y z nx ny nz in each row; the normals may have any length."""
    table = _six_columns(path)
    return Table(table[:, :3], table[:, 3:])


def read_colors_text(path: Path) -> Table:
    """XYZRGB: x y z r g b in each row, from 0 to 255 or from 0 to 1."""
    table = _six_columns(path)
    if not ((table[:, 3:] >= 0) & (table[:, 3:] <= 65535)).all():
        raise ReadError(f"{path}: columns 4 to 6 must be colours from 0 to 255 or from 0 to 1")
    return Table(table[:, :3], None, {"colors": color_bytes(table[:, 3:])})


def text_encoding(path: Path) -> str:
    """The encoding of a text file by its first bytes; UTF-8 where they do not tell.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_text("1,2,3", encoding="utf-16")
    ...     text_encoding(path)
    'utf-16'
    """
    with path.open("rb") as file:
        start = file.read(256)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for name, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if len(start) >= 8 and not any(zeros) and all(others):
            return name
    return "utf-8-sig"


def _head(path: Path, encoding: str) -> list[str]:
    """The first lines: a hundred that are no comments, or ten thousand."""
    head: list[str] = []
    rows = 0
    with path.open(encoding=encoding, errors="replace") as file:
        for line in islice(file, 100 * _HEAD):
            head.append(line)
            rows += not _is_comment(line)
            if rows == _HEAD:
                break
    if any("\0" in line for line in head):
        raise ReadError(f"{path}: holds binary data, not text; give the file the suffix of its format")
    return head


def _six_columns(path: Path) -> NDArray[np.float64]:
    encoding = text_encoding(path)
    head = _head(path, encoding)
    layout = _layout(path, head)
    if not layout.plain or layout.width != 6:
        raise ReadError(
            f"{path}: {path.suffix} wants six numbers a row, got {layout.width} columns; name it .txt or .csv"
        )
    return _rows(path, encoding, head, layout)[0]


def _cells(line: str, separator: str | None) -> list[str]:
    """The cells of a row; words at its end, which spaces may stand between as well, are not counted."""
    cells = split_cells(line.partition("#")[0], separator)
    while separator is None and cells and _number(cells[-1], True) is None and _number(cells[-1], False) is None:
        cells.pop()
    return cells


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(COMMENTS)


def _is_count(line: str) -> bool:
    return bool(re.fullmatch(r"\s*\d{1,15}[\s,;]*", line))


def _separator(line: str) -> tuple[str | None, bool]:
    """What separates the cells of a line, and whether its commas are decimal points."""
    text = line.partition("#")[0].strip()
    if ";" in text:
        return ";", bool(re.search(r"\d,\d", text))
    tab = "\t" if len(re.findall(r"\d\s*\t\s*[-+.\d]", text)) >= 2 else None
    words = text.split()
    decimals = sum("," in word for word in words if _DECIMAL_COMMA.fullmatch(word))
    if decimals and sum(bool(_DECIMAL_COMMA.fullmatch(word)) for word in words) >= 3:
        return tab, True
    return ("," if "," in text else tab), False


def _number(cell: str, decimal_comma: bool) -> float | None:
    """The number in a cell, NaN if the cell says that there is none; None if it holds a word."""
    if cell.lower() in _MISSING:
        return _NAN
    if "_" in cell or (decimal_comma and "." in cell):
        return None
    text = cell.replace(",", ".") if decimal_comma else cell
    try:
        return float(text)
    except ValueError:
        pass
    try:  # of Fortran, 1.5D+02
        return float(re.sub(r"(?<=[\d.])[dD](?=[+-]?\d)", "e", text))
    except ValueError:
        return None


def _layout(path: Path, head: list[str]) -> _Layout:
    """How most of those among the first lines are written that hold three numbers."""
    kinds: Counter[tuple[str | None, int]] = Counter()
    decimal_comma = False
    for line in head:
        separator, comma = _separator(line)
        cells = [] if _is_comment(line) else _cells(line, separator)
        if sum(cell != "" and _number(cell, comma) is not None for cell in cells) >= 3:
            kinds[separator, len(cells)] += 1
            decimal_comma |= comma
    if not kinds:
        raise ReadError(
            f"{path}: no row of three numbers in its first {_HEAD} lines; a point file has x y z in each row"
        )
    (separator, width), _ = kinds.most_common(1)[0]
    if width > MOST_COLUMNS:
        raise ReadError(f"{path}: {width} columns are more than the {MOST_COLUMNS} that a table of points may have")
    rows = {
        place: cells
        for place, line in enumerate(head)
        if not _is_comment(line) and len(cells := _cells(line, separator)) == width
    }
    numbers = [
        [_number(cells[column], decimal_comma) is not None for cells in rows.values()] for column in range(width)
    ]
    filled = [any(cells[column] for cells in rows.values()) for column in range(width)]
    numeric = tuple(column for column in range(width) if filled[column] and 2 * sum(numbers[column]) >= len(rows))
    words = tuple(column for column in range(width) if filled[column] and column not in numeric)
    start = _first_row(rows, numeric, decimal_comma)
    if len(numeric) < 3 or start is None:
        raise ReadError(f"{path}: most of its first rows do not hold three numbers; a point file has x y z in each row")
    _require_header(path, head[:start], separator, width, decimal_comma)
    if numeric[0] > 0 and start == 1 and _is_count(head[0]):
        start = 2  # of chemistry: the number of atoms, a line of remarks, the atoms
    remarks = separator is None and any(len(split_cells(head[place].partition("#")[0], None)) > width for place in rows)
    return _Layout(start, separator, decimal_comma, max(numeric + words) + 1, numeric, words, remarks)


def _first_row(rows: dict[int, list[str]], numeric: tuple[int, ...], decimal_comma: bool) -> int | None:
    for place, cells in rows.items():
        given = [cells[column] for column in numeric]
        if any(given) and all(_number(cell, decimal_comma) is not None for cell in given):
            return place
    return None


def _require_header(path: Path, lines: list[str], separator: str | None, width: int, decimal_comma: bool) -> None:
    """No line above the first row may look like a row with a misprint: as many cells, some of them numbers."""
    for place, line in enumerate(lines):
        cells = [] if _is_comment(line) else split_cells(line.partition("#")[0], separator)
        given = [cell for cell in cells if cell.lower() not in _MISSING]
        if (
            len(cells) == width
            and not axis_columns(cells)
            and any(_number(cell, decimal_comma) is not None for cell in given)
        ):
            raise ReadError(
                f"{path}: line {place + 1} is no row of numbers like the next ones: {line.strip()[:60]!r}; mend it, "
                "or begin it with # if it is a header"
            )


def _names(path: Path, head: list[str], layout: _Layout) -> list[str] | None:
    rows = [_cells(line, layout.separator) for line in head[layout.start :]]
    rows = [cells for cells in rows if len(cells) >= layout.width]
    try:
        return column_names(head[: layout.start], layout.width, rows, layout.separator, remarks=layout.remarks)
    except ValueError as error:
        raise ReadError(f"{path}: {error}") from error


def _called(column: int, names: list[str] | None) -> str:
    return f"Column {column + 1} ({names[column]!r})" if names and names[column] else f"Column {column + 1}"


def _unique(names: list[str], layout: _Layout) -> list[str]:
    """Names of the columns of numbers, none of them empty or twice."""
    unique: list[str] = []
    for column in layout.numeric:
        name = names[column] or f"column {column + 1}"
        unique.append(f"{name} (column {column + 1})" if name in unique else name)
    return unique


def _require_three(path: Path, layout: _Layout) -> None:
    """x, y and z stand beside one another."""
    first, _, third = layout.numeric[:3]
    if any(first < column < third for column in layout.words):
        raise ReadError(
            f"{path}: a column of words stands among the first three of numbers, so that x, y and z cannot be found; "
            "name the columns in a header"
        )


def _rows(path: Path, encoding: str, head: list[str], layout: _Layout) -> tuple[NDArray[np.float64], list[str]]:
    """The columns of numbers, (N, D), and notes."""
    options = {"delimiter": layout.separator, "skiprows": layout.start, "comments": "#", "ndmin": 2}
    if not layout.plain:
        options["usecols"] = layout.numeric
    try:
        if layout.decimal_comma:
            with path.open(encoding=encoding, errors="replace") as file:
                rows = np.loadtxt((line.replace(",", ".") for line in file), **options)
        else:  # a path is read a quarter faster than lines
            bytewise = "latin-1" if encoding == "utf-8-sig" and layout.start else encoding
            rows = np.loadtxt(os.path.abspath(path), encoding=bytewise, **options)
        notes = []
    except ValueError:
        rows, notes = _rows_line_by_line(path, encoding, head, layout)
    count = next((int(re.sub(r"\D", "", line)) for line in reversed(head[: layout.start]) if _is_count(line)), None)
    if count is not None and count != len(rows) and not notes:
        notes = [f"The header counts {count:,} points; the file holds {len(rows):,}."]
    return rows, notes


def _rows_line_by_line(
    path: Path, encoding: str, head: list[str], layout: _Layout
) -> tuple[NDArray[np.float64], list[str]]:
    header = {line.strip() for line in head[: layout.start]}
    values, scans, skip = array("d"), 1, 0
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in enumerate(file, 1):
            skip -= 1
            if (
                number <= layout.start
                or skip >= 0
                or _is_comment(line)
                or not line.partition("#")[0].strip(" \t\r\n,;")
            ):
                continue
            row = layout.row(line)
            if row is not None:
                values.extend(row)
            elif _is_count(line):
                scans, skip = scans + 1, 1 if layout.words[:1] == (0,) else 0
            elif line.strip() not in header:
                raise ReadError(
                    f"{path}: not a table of numbers: line {number} is no row like the others, {line.strip()[:60]!r}; "
                    "every row needs the same columns"
                )
    rows = np.array(values, np.float64).reshape(-1, len(layout.numeric))
    return rows, [f"The file holds {scans} scans; all their points are read."] if scans > 1 else []

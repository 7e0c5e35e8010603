"""Layout of the rows of a text table: separator, decimal comma, columns of numbers and of words."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from diffshape.data.formats.columns import MOST_COLUMNS, axis_columns
from diffshape.data.formats.text.header import COMMENTS, split_cells

_MISSING = frozenset(("", "na", "n/a", "null", "none", "-", "?", "nan(ind)", "-nan(ind)", "1.#qnan", "-1.#ind"))
_DECIMAL_COMMA = re.compile(r"\"?[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?\"?")
_NAN = float("nan")


@dataclass(frozen=True)
class Layout:
    """Layout of the rows of a file."""

    start: int
    """Number of lines above the first row."""
    separator: str | None
    """Separator between cells; None for spaces and tabs."""
    decimal_comma: bool
    width: int
    """Number of columns without empty ones at the end."""
    numeric: tuple[int, ...]
    """Indices of the columns that hold numbers."""
    words: tuple[int, ...]
    """Indices of the columns that hold words."""
    remarks: bool
    """Whether any number of words follows the columns."""

    @property
    def plain(self) -> bool:
        """Whether all columns are numbers."""
        return len(self.numeric) == self.width and not self.remarks

    def row(self, line: str) -> list[float] | None:
        """The numbers of a row; None if the line is not a row like the others."""
        cells = row_cells(line, self.separator)
        if len(cells) < self.width or any(cells[self.width :]):
            return None
        numbers = [_number(cells[column], self.decimal_comma) for column in self.numeric]
        return [number for number in numbers if number is not None] if None not in numbers else None


def layout_of(head: Sequence[str]) -> Layout:
    """Layout of most of the first lines of a file that hold three numbers.

    Raises:
        ValueError: No line does, or one above the first row looks like a row with a misprint.

    >>> layout_of(["x;y;z;name", "1,5;2;3;wall"])
    Layout(start=1, separator=';', decimal_comma=True, width=4, numeric=(0, 1, 2), words=(3,), remarks=False)
    """
    separator, width, decimal_comma = _most_common(head)
    rows = {
        place: cells
        for place, line in enumerate(head)
        if not is_comment(line) and len(cells := row_cells(line, separator)) == width
    }
    filled = [any(cells[column] for cells in rows.values()) for column in range(width)]
    numbers = [
        sum(_number(cells[column], decimal_comma) is not None for cells in rows.values()) for column in range(width)
    ]
    numeric = tuple(column for column in range(width) if filled[column] and 2 * numbers[column] >= len(rows))
    words = tuple(column for column in range(width) if filled[column] and column not in numeric)
    start = _first_row(rows, numeric, decimal_comma)
    if len(numeric) < 3 or start is None:
        raise ValueError("most of its first rows do not hold three numbers; a point file has x y z in each row")
    _require_header(head[:start], separator, width, decimal_comma)
    if numeric[0] > 0 and start == 1 and is_count(head[0]) and max(rows) > 1:
        start = 2  # files of chemistry: number of atoms, a line of remarks, the atoms
    remarks = separator is None and any(len(_words(head[place])) > width for place in rows)
    return Layout(start, separator, decimal_comma, max(numeric + words) + 1, numeric, words, remarks)


def row_cells(line: str, separator: str | None) -> list[str]:
    """The cells of a row without its comment; words at its end, which may be any number, are not counted.

    >>> row_cells("1 2 3 north wall  # high", None), row_cells("1,2,,", ",")
    (['1', '2', '3'], ['1', '2', '', ''])
    """
    if separator is not None:
        return split_cells(line.partition("#")[0], separator)
    cells = _words(line)
    while cells and _number(cells[-1], True) is None and _number(cells[-1], False) is None:
        cells.pop()
    return cells


def is_comment(line: str) -> bool:
    """Whether a line is no row by its first characters."""
    return line.lstrip().startswith(COMMENTS)


def is_count(line: str) -> bool:
    """Whether a line holds a number of rows and nothing else."""
    return bool(re.fullmatch(r"\s*\d{1,15}[\s,;]*", line))


def _words(line: str) -> list[str]:
    return split_cells(line.partition("#")[0], None)


def _most_common(head: Sequence[str]) -> tuple[str | None, int, bool]:
    """Separator and number of cells of most lines with three numbers, and whether commas are decimal points there."""
    kinds: Counter[tuple[str | None, int]] = Counter()
    with_commas = set()
    for line in head:
        separator, comma = _separator(line)
        cells = [] if is_comment(line) else row_cells(line, separator)
        if sum(cell != "" and _number(cell, comma) is not None for cell in cells) >= 3:
            kinds[separator, len(cells)] += 1
            with_commas |= {(separator, len(cells))} if comma else set()
    if not kinds:
        raise ValueError("no row of three numbers in its first 100 lines; a point file has x y z in each row")
    kind = kinds.most_common(1)[0][0]
    if kind[1] > MOST_COLUMNS:
        raise ValueError(f"{kind[1]} columns are more than the {MOST_COLUMNS} that a table of points may have")
    return *kind, kind in with_commas


def _separator(line: str) -> tuple[str | None, bool]:
    """What separates the cells of a line, and whether its commas are decimal points."""
    text = line.partition("#")[0].strip()
    cells = [cell.strip() for cell in text.split(";")] if ";" in text else text.split()
    numbers = [cell for cell in cells if _DECIMAL_COMMA.fullmatch(cell)]
    decimal_comma = any("," in number for number in numbers)
    tab = "\t" if len(re.findall(r"\d\s*\t\s*[-+.\d]", text)) >= 2 else None
    if ";" in text:
        return ";", decimal_comma
    if decimal_comma and len(numbers) >= 3:
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
    try:  # numbers of Fortran, 1.5D+02
        return float(re.sub(r"(?<=[\d.])[dD](?=[+-]?\d)", "e", text))
    except ValueError:
        return None


def _first_row(rows: dict[int, list[str]], numeric: tuple[int, ...], decimal_comma: bool) -> int | None:
    for place, cells in rows.items():
        given = [cells[column] for column in numeric]
        if any(given) and all(_number(cell, decimal_comma) is not None for cell in given):
            return place
    return None


def _require_header(lines: Sequence[str], separator: str | None, width: int, decimal_comma: bool) -> None:
    """No line above the first row may have as many cells and numbers among them, unless it names x, y and z."""
    for place, line in enumerate(lines):
        cells = [] if is_comment(line) else split_cells(line.partition("#")[0], separator)
        numbers = [_number(cell, decimal_comma) for cell in cells if cell.lower() not in _MISSING]
        if len(cells) == width and numbers.count(None) < len(numbers) and not axis_columns(cells):
            raise ValueError(
                f"line {place + 1} is no row of numbers like the next ones: {line.strip()[:60]!r}; mend it, "
                "or begin it with # if it is a header"
            )

"""The names of a text table's columns, found in the lines above its rows."""

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from diffshape.data.formats.columns import axis_columns, mentions_axes

COMMENTS = ("#", "//", "%", "!", '"#')
"""Beginnings of lines that are not rows."""
ROW_NUMBER = "row number"
"""Name given to a first column that counts the rows and has no name."""


def split_cells(text: str, separator: str | None) -> list[str]:
    """The cells of a line, without the spaces and quotes around them; ``None`` separates at spaces and tabs.

    >>> split_cells('1, "2" , ', ","), split_cells(" 1  2 ", None)
    (['1', '2', ''], ['1', '2'])
    """
    if separator is None:
        return [cell.strip('"') for cell in text.split()]
    text = text.strip(" \r\n") if separator == "\t" else text.strip()
    cells = text.split(separator)
    if '"' in text:
        with suppress(csv.Error):  # a cell longer than csv allows
            cells = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    return [cell.strip() for cell in cells]


def column_names(
    lines: Sequence[str], width: int, rows: Sequence[Sequence[str]], separator: str | None, *, remarks: bool = False
) -> list[str] | None:
    """The names of ``width`` columns, from the last of ``lines`` that names x, y and z; None if none does.

    Args:
        lines: Lines above the rows.
        width: How many columns the rows have.
        rows: Cells of some rows, by which to recognise a column of row numbers, which often has no name.
        separator: Separator between the cells of a row.
        remarks: Whether words, which may have names as well, follow these columns.

    Raises:
        ValueError: A line names x, y and z and does not tell which columns they are, or names only two of them, or
            more than three.

    >>> column_names(["# columns: id x y z"], 4, [], None)
    ['id', 'x', 'y', 'z']
    """
    readings = [
        (number, names) for number, line in reversed(list(enumerate(lines, 1))) for names in _readings(line, separator)
    ]
    for _, names in readings:
        if (len(names) == width or (remarks and len(names) > width)) and axis_columns(names[:width]):
            return names[:width]
    for number, names in readings:
        if axis_columns(names):
            return _placed(names, width, rows, number)
    for number, names in readings:
        if len(names) == width and mentions_axes(names):
            raise ValueError(
                f"line {number} does not name x, y and z, each once, but {', '.join(names)[:80]}; rename the columns"
            )
    return None


def other_names(lines: Sequence[str], width: int, separator: str | None) -> list[str]:
    """The names of columns none of which is x, y or z; empty if there are none. Spaces separate words of prose, too."""
    for line in reversed(lines):
        names = _readings(line, separator)[0]
        if separator is not None and len(names) == width and all(names):
            return names
    return []


def _readings(line: str, separator: str | None) -> list[list[str]]:
    """The line split in each way that a header may be."""
    text = re.sub(r"^\s*[\"']?(?:#|//|%|!)+", "", line).strip("\r\n")
    readings = []
    for each in dict.fromkeys((separator, ",", ";", "\t", None)):
        if each is None or each in text:
            names = [name for name in split_cells(text, each) if each or not re.fullmatch(r"[(\[].*[)\]]", name)]
            while names and not names[-1]:
                names.pop()
            readings.append(names)
    return readings


def _placed(names: list[str], width: int, rows: Sequence[Sequence[str]], number: int) -> list[str] | None:
    """``width`` names where the line has more, or fewer."""
    windows = [names[start : start + width] for start in range(len(names) - width + 1)]
    fitting = [window for window in windows if axis_columns(window)]
    if len(fitting) == 1:
        return fitting[0]
    in_order = axis_columns(names) == tuple(sorted(axis_columns(names) or ()))
    if width == 3 and in_order:
        return ["x", "y", "z"]
    first, second = ([row[place] for row in rows] for place in (0, 1))
    if len(names) == width - 1 and _counts_rows(first):
        return [ROW_NUMBER, *names]
    numbers_first = _whole(first) is not None and _whole(second) is None  # of rows or points, rather than x
    if len(names) < width and not numbers_first and axis_columns(names) == (0, 1, 2):
        return [*names, *(f"column {place + 1}" for place in range(len(names), width))]
    raise ValueError(
        f"line {number} names x, y and z, but not each of the {width} columns, so that they cannot be found; "
        "give every column one name, or remove that line"
    )


def _counts_rows(cells: Sequence[str]) -> bool:
    """Whether cells are row numbers, one up each time, or words."""
    numbers = _whole(cells)
    if numbers is None:
        return not any(re.search(r"\d", cell) for cell in cells)
    return len(numbers) > 1 and all(after == before + 1 for before, after in pairwise(numbers))


def _whole(cells: Sequence[str]) -> list[int] | None:
    """The whole numbers in cells; None if something else stands in one."""
    words = [re.fullmatch(r"\+?(\d{1,15})(?:\.0*)?", cell) for cell in cells]
    return [int(word[1]) for word in words if word] if cells and all(words) else None

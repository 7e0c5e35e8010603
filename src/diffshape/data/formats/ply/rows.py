"""The rows of PLY elements, text or binary, as columns; counts are compared with the size of the file before use."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.sizes import require_held

TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
NAMES = {kind: name for name, kind in reversed(TYPES.items()) if not name[-1].isdigit()}
_LARGEST_ROW = 2**31 - 1  # bytes NumPy can take as one


class Lists(NamedTuple):
    """A list property: the length of each row's list, and all lists end to end."""

    counts: NDArray[np.int64]
    values: NDArray[Any]


Columns = dict[str, NDArray[Any] | Lists]


class Property(NamedTuple):
    """A column of an element."""

    name: str
    kind: str  # NumPy type code without byte order
    count_kind: str | None  # type of the length in front of a list; None for a scalar

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return int(self.kind[1])

    @property
    def count_size(self) -> int:
        """Bytes of the length in front of a list."""
        return int(self.count_kind[1]) if self.count_kind else 0


@dataclass
class Element:
    """Declaration of one kind of rows in a header."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        """Whether its rows may differ in length."""
        return any(one.count_kind for one in self.properties)


def read_text_rows(body: bytes, elements: list[Element]) -> dict[str, Columns]:
    """The columns of all elements of a text; a ValueError says which row is not as declared."""
    lines = [line for line in body.splitlines() if line.strip()]
    read, start = {}, 0
    for element in elements:
        rows = element.rows if element.properties else 0
        if rows > len(lines) - start:
            raise ValueError(f"{element.name} ends after {len(lines) - start} of {rows} rows")
        take = _text_lists if element.has_lists else _text_table
        read[element.name] = take(element, lines[start : start + rows])
        start += rows
    return read


def _text_table(element: Element, lines: list[bytes]) -> Columns:
    width = len(element.properties)
    if not lines:
        return {one.name: np.empty(0, one.kind) for one in element.properties}
    try:
        table = np.loadtxt(lines, ndmin=2, comments=None)
    except ValueError:
        table = np.empty((0, 0))
    if table.shape != (len(lines), width):
        number, line = next((i, line) for i, line in enumerate(lines, 1) if not _are_numbers(line, width))
        raise ValueError(f"row {number} of {element.name} is not {width} numbers: {line.decode('latin-1')[:60]!r}")
    return {one.name: _declared(table[:, column], one) for column, one in enumerate(element.properties)}


def _are_numbers(line: bytes, width: int) -> bool:
    try:
        return len([float(word) for word in line.split()]) == width and b"_" not in line
    except ValueError:
        return False


def _text_lists(element: Element, lines: list[bytes]) -> Columns:
    numbers: dict[str, list[float]] = {one.name: [] for one in element.properties}
    counts: dict[str, list[int]] = {one.name: [] for one in element.properties if one.count_kind}
    for number, line in enumerate(lines, 1):
        words = iter(line.split())
        try:
            for one in element.properties:
                count = 1
                if one.count_kind:
                    count = int(next(words))
                    counts[one.name].append(count)
                numbers[one.name] += _next_numbers(words, count)
            if next(words, None) is not None:
                raise ValueError("more follow")
        except (ValueError, StopIteration):
            told = line.decode("latin-1")[:60]
            raise ValueError(f"row {number} of {element.name} is not what the header declares: {told!r}") from None
    columns: Columns = {}
    for one in element.properties:
        values = _declared(np.array(numbers[one.name], np.float64), one)
        columns[one.name] = Lists(np.array(counts[one.name], np.int64), values) if one.count_kind else values
    return columns


def _next_numbers(words: Iterator[bytes], count: int) -> list[float]:
    """The next ``count`` words as numbers; a ValueError if the row ends before them."""
    if count < 0:
        raise ValueError("a list of negative length")
    numbers = [float(word) for _, word in zip(range(count), words)]
    if len(numbers) < count:
        raise ValueError("the row is too short")
    return numbers


def _declared(values: NDArray[np.float64], one: Property) -> NDArray[Any]:
    """Numbers of a text as the header declares them; fractions keep all their digits."""
    if one.kind[0] == "f":
        return values
    bounds = np.iinfo(one.kind)
    wrong = ~((values >= bounds.min) & (values <= bounds.max) & (np.rint(values) == values))
    if wrong.any():
        raise ValueError(f"{one.name} is declared {NAMES[one.kind]}, and has {values[wrong][0]:g}")
    return values.astype(one.kind)


def read_binary_rows(body: bytes, elements: list[Element], order: str) -> dict[str, Columns]:
    """The columns of all elements of a binary file; ``order`` is "<" or ">"."""
    read, start = {}, 0
    for element in elements:
        least = sum(one.count_size or one.size for one in element.properties)
        require_held(element.rows * least, len(body) - start, f"{element.rows} rows of {element.name}")
        rows = element.rows if least else 0  # an element without properties has nothing in the file
        lengths = _first_lengths(body, start, element, order) if rows else {}
        table = _table(body, start, element, order, lengths, rows)
        if table is None:
            read[element.name], start = _read_uneven(body, start, element, order)
        else:
            read[element.name] = _table_columns(table, element, lengths)
            start += table.nbytes
    return read


def _first_lengths(body: bytes, start: int, element: Element, order: str) -> dict[str, int]:
    """The lengths of the lists in the first row; most files use the same ones in every row."""
    lengths = {}
    for one in element.properties:
        count = 1
        if one.count_kind:
            count = lengths[one.name] = _count(body, start, one, order)
        start += one.count_size + count * one.size
    return lengths


def _table(
    body: bytes, start: int, element: Element, order: str, lengths: dict[str, int], rows: int
) -> NDArray[Any] | None:
    """All rows as one array of records, if their lists are as long as those of the first row."""
    size = sum(
        one.count_size + lengths.get(one.name, 0 if one.count_kind else 1) * one.size for one in element.properties
    )
    if size > _LARGEST_ROW or rows * size > len(body) - start:
        return None
    fields: list[tuple[Any, ...]] = []
    for one in element.properties:
        if one.count_kind:
            fields.append((f"{one.name} count", order + one.count_kind))
            fields.append((one.name, order + one.kind, (lengths.get(one.name, 0),)))
        else:
            fields.append((one.name, order + one.kind))
    layout = np.dtype(fields)
    table = np.frombuffer(body, layout, rows, start) if rows else np.empty(0, layout)
    return table if all((table[f"{name} count"] == length).all() for name, length in lengths.items()) else None


def _table_columns(table: NDArray[Any], element: Element, lengths: dict[str, int]) -> Columns:
    columns: Columns = {}
    for one in element.properties:
        counts = np.full(len(table), lengths.get(one.name, 0), np.int64)
        columns[one.name] = Lists(counts, table[one.name].reshape(-1)) if one.count_kind else table[one.name]
    return columns


def _read_uneven(body: bytes, start: int, element: Element, order: str) -> tuple[Columns, int]:
    """The columns of an element whose lists differ in length, and where it ends."""
    pieces: dict[str, list[bytes]] = {one.name: [] for one in element.properties}
    for row in range(element.rows):
        for one in element.properties:
            count = _count(body, start, one, order) if one.count_kind else 1
            start += one.count_size
            end = start + count * one.size
            if end > len(body):
                raise ValueError(f"{element.name} ends after {row} of {element.rows} rows")
            pieces[one.name].append(body[start:end])
            start = end
    columns: Columns = {}
    for one in element.properties:
        values = np.frombuffer(b"".join(pieces[one.name]), order + one.kind)
        counts = np.array([len(piece) // one.size for piece in pieces[one.name]], np.int64)
        columns[one.name] = Lists(counts, values) if one.count_kind else values
    return columns, start


def _count(body: bytes, start: int, one: Property, order: str) -> int:
    """The length in front of a list."""
    data = body[start : start + one.count_size]
    count = int.from_bytes(data, "little" if order == "<" else "big", signed=str(one.count_kind)[0] == "i")
    if count < 0:
        raise ValueError(f"a list {one.name} of {count} entries")
    return count

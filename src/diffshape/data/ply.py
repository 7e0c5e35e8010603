"""The PLY format: a text header that declares elements and their properties, then the rows, as text or binary.

    ply / format binary_little_endian 1.0 / element vertex N / property float x / ... / end_header

Scalar elements (the points) are read in one piece, so millions of them take a moment. Elements with lists (the faces)
are read in one piece too when all lists are equally long, else row by row. Every row the header promises must be
there; it is looked for before room is made for it.

Source: Greg Turk, "The PLY Polygon File Format", Stanford University, 1994.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.attributes import Attributes

_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_NAMES = {kind: name for name, kind in reversed(_TYPES.items()) if not name[-1].isdigit()}
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
COLORS = ("red", "green", "blue", "alpha")
_LARGEST_ROW = 2**31 - 1  # bytes NumPy can take as one


class Lists(NamedTuple):
    """A list property: the length of each row's list, and all lists end to end."""

    counts: NDArray[np.int64]
    values: NDArray[Any]


Columns = dict[str, NDArray[Any] | Lists]


class _Property(NamedTuple):
    name: str
    kind: str  # NumPy type code without byte order
    count_kind: str | None  # type of the length in front of a list; None for a scalar

    @property
    def size(self) -> int:
        return int(self.kind[1])

    @property
    def count_size(self) -> int:
        return int(self.count_kind[1]) if self.count_kind else 0


@dataclass
class _Element:
    name: str
    rows: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        return any(one.count_kind for one in self.properties)


def read_ply(path: str | PathLike[str]) -> dict[str, Columns]:
    """All elements of a PLY file: element name -> property name -> one array (or :class:`Lists`) of its rows.

    Numbers have the type that the header declares, but for fractions written as text, which keep all their digits as
    float64. Blank lines between rows are passed over.

    Raises:
        ReadError: the header is not PLY's, or rows are missing or malformed.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    try:
        order, elements, body = _read_header(path.read_bytes())
        return _read_text(body, elements) if order == "=" else _read_binary(body, elements, order)
    except ValueError as error:
        raise ReadError(f"{path}: not a readable PLY file ({error}); export it again") from error


def write_ply(path: Path, elements: dict[str, dict[str, NDArray[Any]]]) -> None:
    """Write a binary little-endian PLY; a two-dimensional column becomes a list property.

    Numbers keep their type: float32 as ``float``, float64 as ``double``, int32 as ``int``, uint8 as ``uchar``, and so
    on for all that PLY has.
    """
    header, bodies = ["ply", "format binary_little_endian 1.0"], []
    for name, columns in elements.items():
        lines, body = _packed(columns)
        header += [f"element {name} {len(body)}", *lines]
        bodies.append(body.tobytes())
    path.write_bytes("\n".join([*header, "end_header\n"]).encode("ascii") + b"".join(bodies))


def attribute_columns(attributes: Attributes) -> dict[str, NDArray[Any]]:
    """Attributes as columns of a PLY element: colours as red, green, blue (alpha), k columns as name_0, name_1, ...

    Raises:
        ValueError: A name is no word of ASCII or is taken by another column, or integers do not fit into 32 bits.

    >>> attribute_columns({"uv": np.zeros((2, 2), np.float32), "colors": np.zeros((2, 3), np.uint8)}).keys()
    dict_keys(['uv_0', 'uv_1', 'red', 'green', 'blue'])
    """
    columns: dict[str, NDArray[Any]] = {}
    for name, values in attributes.items():
        parts = values[:, None] if values.ndim == 1 else values
        names = [name] if values.ndim == 1 else [f"{name}_{number}" for number in range(parts.shape[1])]
        for each, column in zip(COLORS if name == "colors" else names, parts.T):
            if not re.fullmatch(r"[!-~]+", each) or each in {"x", "y", "z", "nx", "ny", "nz", *columns}:
                raise ValueError(f"a PLY file cannot hold an attribute named {each!r} here; give it another name")
            columns[each] = _storable(each, column)
    return columns


def _storable(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """A column in the nearest type that PLY has."""
    kind = column.dtype.str[1:]
    if kind in _NAMES:
        return column
    if column.dtype.kind == "b":
        return column.astype(np.uint8)
    if column.dtype.kind == "f":
        return column.astype(np.float32 if kind == "f2" else np.float64)
    if column.size and (column.min() < -(2**31) or column.max() >= 2**31):
        raise ValueError(
            f"attribute {name!r} has integers beyond 32 bits, which PLY cannot hold; write them as float64"
        )
    return column.astype(np.int32)


def _packed(columns: dict[str, NDArray[Any]]) -> tuple[list[str], NDArray[Any]]:
    """The property lines of an element, and its rows as they stand in the file."""
    lines: list[str] = []
    fields: dict[str, tuple[NDArray[Any] | int, Any]] = {}  # content and type
    for name, column in columns.items():
        kind = column.dtype.str[1:]
        if column.ndim == 2:
            lines.append(f"property list uchar {_NAMES[kind]} {name}")
            fields[f"{name} count"] = column.shape[1], "u1"
            fields[name] = column, (f"<{kind}", column.shape[1])
        else:
            lines.append(f"property {_NAMES[kind]} {name}")
            fields[name] = column, f"<{kind}"
    body = np.empty(len(next(iter(columns.values()))), [(name, kind) for name, (_, kind) in fields.items()])
    for name, (content, _) in fields.items():
        body[name] = content
    return lines, body


def _read_header(data: bytes) -> tuple[str, list[_Element], bytes]:
    """Byte order, elements, and what follows the header. Lines end as the first one does: LF, CR LF or CR."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    first = re.match(rb"ply[ \t]*(\r\n|\n|\r)", data)
    if first is None:
        raise ValueError("the first line is not 'ply'")
    line_end = first[1][-1:]
    order, elements, end = None, [], first.end()
    while True:
        start, end = end, data.find(line_end, end) + 1
        if end == 0 and data[start:].split() != [b"end_header"]:
            raise ValueError("the header has no end")
        words = data[start : end or None].decode("latin-1").split() or ["comment"]
        match words:
            case ["end_header", *_]:
                break
            case ["format", name, *_] if name in _ORDERS:
                order = _ORDERS[name]
            case ["element", name, rows] if re.fullmatch(r"[0-9]{1,18}", rows):
                elements.append(_Element(name, int(rows)))
            case ["property", *kinds, name] if elements:
                elements[-1].properties.append(_property(kinds, name))
            case ["comment" | "obj_info", *_]:
                pass
            case _:
                raise ValueError(f"unknown header line {' '.join(words)[:60]!r}")
    if order is None:
        raise ValueError("the header has no format line")
    _require_distinct([element.name for element in elements], "element")
    for element in elements:
        _require_distinct([one.name for one in element.properties], f"property of {element.name}")
    return order, elements, data[end:] if end else b""


def _property(kinds: list[str], name: str) -> _Property:
    match kinds:
        case ["list", count_kind, kind] if kind in _TYPES and _TYPES.get(count_kind, "f")[0] in "iu":
            return _Property(name, _TYPES[kind], _TYPES[count_kind])
        case [kind] if kind in _TYPES:
            return _Property(name, _TYPES[kind], None)
    raise ValueError(f"unknown type {' '.join(kinds)[:40]!r} of property {name[:40]!r}")


def _require_distinct(names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} {name[:40]!r} is declared twice")


def _read_text(body: bytes, elements: list[_Element]) -> dict[str, Columns]:
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


def _text_table(element: _Element, lines: list[bytes]) -> Columns:
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


def _text_lists(element: _Element, lines: list[bytes]) -> Columns:
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


def _declared(values: NDArray[np.float64], one: _Property) -> NDArray[Any]:
    """Numbers of a text as the header declares them; fractions keep all their digits."""
    if one.kind[0] == "f":
        return values
    bounds = np.iinfo(one.kind)
    wrong = ~((values >= bounds.min) & (values <= bounds.max) & (np.rint(values) == values))
    if wrong.any():
        raise ValueError(f"{one.name} is declared {_NAMES[one.kind]}, and has {values[wrong][0]:g}")
    return values.astype(one.kind)


def _read_binary(body: bytes, elements: list[_Element], order: str) -> dict[str, Columns]:
    read, start = {}, 0
    for element in elements:
        least = sum(one.count_size or one.size for one in element.properties)
        if element.rows * least > len(body) - start:
            raise ValueError(f"{element.name} has {element.rows} rows, and the file ends before")
        rows = element.rows if least else 0  # an element without properties has nothing in the file
        lengths = _first_lengths(body, start, element, order) if rows else {}
        table = _table(body, start, element, order, lengths, rows)
        if table is None:
            read[element.name], start = _read_uneven(body, start, element, order)
        else:
            read[element.name] = _table_columns(table, element, lengths)
            start += table.nbytes
    return read


def _first_lengths(body: bytes, start: int, element: _Element, order: str) -> dict[str, int]:
    """The lengths of the lists in the first row; most files use the same ones in every row."""
    lengths = {}
    for one in element.properties:
        count = 1
        if one.count_kind:
            count = lengths[one.name] = _count(body, start, one, order)
        start += one.count_size + count * one.size
    return lengths


def _table(
    body: bytes, start: int, element: _Element, order: str, lengths: dict[str, int], rows: int
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


def _table_columns(table: NDArray[Any], element: _Element, lengths: dict[str, int]) -> Columns:
    columns: Columns = {}
    for one in element.properties:
        counts = np.full(len(table), lengths.get(one.name, 0), np.int64)
        columns[one.name] = Lists(counts, table[one.name].reshape(-1)) if one.count_kind else table[one.name]
    return columns


def _read_uneven(body: bytes, start: int, element: _Element, order: str) -> tuple[Columns, int]:
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


def _count(body: bytes, start: int, one: _Property, order: str) -> int:
    """The length in front of a list."""
    data = body[start : start + one.count_size]
    count = int.from_bytes(data, "little" if order == "<" else "big", signed=str(one.count_kind)[0] == "i")
    if count < 0:
        raise ValueError(f"a list {one.name} of {count} entries")
    return count

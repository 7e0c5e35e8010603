"""The PLY format: a text header that declares elements and their properties, then the rows, as text or binary.

    ply / format binary_little_endian 1.0 / element vertex N / property float x / ... / end_header

Scalar elements (the points) are read in one piece, so millions of them take a moment. Elements with lists (the faces)
are read in one piece too when all lists are equally long, else row by row. Every row the header promises must be
there.

Source: Greg Turk, "The PLY Polygon File Format", Stanford University, 1994.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from os import SEEK_END, PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError

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
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}


class Lists(NamedTuple):
    """A list property: the length of each row's list, and all lists end to end."""

    counts: NDArray[np.int64]
    values: NDArray[Any]


Columns = dict[str, NDArray[Any] | Lists]


class _Property(NamedTuple):
    name: str
    kind: str  # NumPy type code without byte order
    count_kind: str | None  # type of the length in front of a list; None for a scalar


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

    Raises:
        ReadError: the header is not PLY's, or rows are missing or malformed.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            order, elements = _read_header(file)
            read = _read_text if order == "=" else _read_binary
            return {element.name: read(file, element, order) for element in elements}
        except (ValueError, IndexError, KeyError, OverflowError) as error:
            raise ReadError(f"{path}: not a readable PLY file ({error}); export it again") from error


def write_ply(path: Path, elements: dict[str, dict[str, NDArray[Any]]]) -> None:
    """Write a binary little-endian PLY; a two-dimensional column becomes a list property.

    Numbers keep their type: float32 as ``float``, float64 as ``double``, int32 as ``int``, uint8 as ``uchar``.
    """
    header, bodies = ["ply", "format binary_little_endian 1.0"], []
    for name, columns in elements.items():
        lines, body = _packed(columns)
        header += [f"element {name} {len(body)}", *lines]
        bodies.append(body.tobytes())
    path.write_bytes("\n".join([*header, "end_header\n"]).encode("ascii") + b"".join(bodies))


def _packed(columns: dict[str, NDArray[Any]]) -> tuple[list[str], NDArray[Any]]:
    """The property lines of an element, and its rows as they stand in the file."""
    names = {code: name for name, code in reversed(_TYPES.items())}
    lines: list[str] = []
    fields: dict[str, tuple[NDArray[Any] | int, Any]] = {}  # content and type
    for name, column in columns.items():
        kind = column.dtype.str[1:]
        if column.ndim == 2:
            lines.append(f"property list uchar {names[kind]} {name}")
            fields[f"{name} count"] = column.shape[1], "u1"
            fields[name] = column, (f"<{kind}", column.shape[1])
        else:
            lines.append(f"property {names[kind]} {name}")
            fields[name] = column, f"<{kind}"
    body = np.empty(len(next(iter(columns.values()))), [(name, kind) for name, (_, kind) in fields.items()])
    for name, (content, _) in fields.items():
        body[name] = content
    return lines, body


def _read_header(file: BinaryIO) -> tuple[str, list[_Element]]:
    if file.readline(16).strip() != b"ply":
        raise ValueError("the first line is not 'ply'")
    order, elements = None, []
    while True:
        raw = file.readline(4096)
        if not raw:
            raise ValueError("the header has no end")
        words = raw.decode("latin-1").split() or ["comment"]
        match words:
            case ["end_header", *_]:
                break
            case ["format", name, *_]:
                order = _ORDERS[name]
            case ["element", name, rows] if rows.isdigit():
                elements.append(_Element(name, int(rows)))
            case ["property", "list", count_kind, kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind], _TYPES[count_kind]))
            case ["property", kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind], None))
            case ["comment" | "obj_info", *_]:
                pass
            case _:
                raise ValueError(f"unknown header line {' '.join(words)!r}")
    if order is None:
        raise ValueError("the header has no format line")
    return order, elements


def _read_text(file: BinaryIO, element: _Element, order: str) -> Columns:
    if element.rows == 0:
        return {one.name: np.empty(0, one.kind) for one in element.properties if not one.count_kind}
    if not element.has_lists:
        table = np.loadtxt(islice(file, element.rows), ndmin=2, comments=None)
        if table.shape != (element.rows, len(element.properties)):
            raise ValueError(f"{element.name} wants {element.rows} rows of {len(element.properties)} numbers")
        return {one.name: table[:, column] for column, one in enumerate(element.properties)}
    rows = []
    for _ in range(element.rows):
        words = iter(file.readline().split())
        try:
            rows.append([_next_words(words, one) for one in element.properties])
        except StopIteration:
            raise ValueError(f"{element.name} ends after {len(rows)} of {element.rows} rows") from None
    return _columns(element, rows)


def _next_words(words: Iterator[bytes], one: _Property) -> list[float]:
    """The numbers of one property in a text row."""
    number = int(next(words)) if one.count_kind else 1
    return [float(next(words)) for _ in range(number)]


def _read_binary(file: BinaryIO, element: _Element, order: str) -> Columns:
    start = file.tell()
    remaining = file.seek(0, SEEK_END) - start
    file.seek(start)
    lengths = _first_lengths(file, element, order) if element.rows and element.has_lists else {}
    fields: list[tuple[Any, ...]] = []
    for one in element.properties:
        if one.count_kind:
            fields += [
                (f"{one.name} count", order + one.count_kind),
                (one.name, order + one.kind, lengths.get(one.name, 0)),
            ]
        else:
            fields.append((one.name, order + one.kind))
    file.seek(start)
    layout = np.dtype(fields)
    table = np.fromfile(file, layout, min(element.rows, remaining // max(layout.itemsize, 1)))
    even = all((table[f"{name} count"] == length).all() for name, length in lengths.items())
    if len(table) < element.rows or not even:
        if not element.has_lists:
            raise ValueError(f"{element.name} ends after {len(table)} of {element.rows} rows")
        file.seek(start)
        return _read_uneven(file, element, order)
    columns: Columns = {}
    for one in element.properties:
        column = table[one.name]
        counts = np.full(element.rows, lengths.get(one.name, 0), np.int64)
        columns[one.name] = Lists(counts, column.reshape(-1)) if one.count_kind else column
    return columns


def _first_lengths(file: BinaryIO, element: _Element, order: str) -> dict[str, int]:
    """The lengths of the lists in the first row; most files use the same ones in every row."""
    lengths = {}
    for one in element.properties:
        number = 1
        if one.count_kind:
            number = lengths[one.name] = int(_unpack(file, order, one.count_kind, 1)[0])
        _unpack(file, order, one.kind, number)
    return lengths


def _read_uneven(file: BinaryIO, element: _Element, order: str) -> Columns:
    rows = []
    for _ in range(element.rows):
        row = []
        for one in element.properties:
            number = int(_unpack(file, order, one.count_kind, 1)[0]) if one.count_kind else 1
            row.append(_unpack(file, order, one.kind, number))
        rows.append(row)
    return _columns(element, rows)


def _unpack(file: BinaryIO, order: str, kind: str, number: int) -> tuple[Any, ...]:
    layout = struct.Struct(f"{order}{number}{np.dtype(kind).char}")
    data = file.read(layout.size)
    if len(data) < layout.size:
        raise ValueError("the file ends too early")
    return layout.unpack(data)


def _columns(element: _Element, rows: list[list[Any]]) -> Columns:
    """Rows of tuples, one per property, as columns."""
    columns: Columns = {}
    for index, one in enumerate(element.properties):
        values = np.array([number for row in rows for number in row[index]], one.kind)
        counts = np.array([len(row[index]) for row in rows], np.int64)
        columns[one.name] = Lists(counts, values) if one.count_kind else values
    return columns

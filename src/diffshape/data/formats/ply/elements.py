"""The PLY format: a text header that declares elements and their properties, then the rows, as text or binary.

    ply / format binary_little_endian 1.0 / element vertex N / property float x / ... / end_header

Scalar elements (the points) are read in one piece, so millions of them take a moment. Elements with lists (the faces)
are read in one piece too when all lists are equally long, else row by row. The number of rows that the header promises
is compared with the size of the file before anything is allocated.

Source: Greg Turk, "The PLY Polygon File Format", Stanford University, 1994.
"""

import re
from collections import Counter
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.ply.rows import NAMES, TYPES, Columns, Element, Property, read_binary_rows, read_text_rows
from diffshape.data.formats.refusals import refusals

_BLOCK = 1 << 18
"""Number of rows that are written at a time, which bounds their memory."""
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}


def read_ply(path: str | PathLike[str]) -> dict[str, Columns]:
    """All elements of a PLY file: element name -> property name -> one array (or `Lists`) of its rows.

    Numbers have the type that the header declares, but for fractions written as text, which keep all their digits as
    float64. Blank lines between rows are passed over.

    Raises:
        ReadError: the header is not PLY's, or rows are missing or malformed.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    with refusals(path, "PLY file"):
        order, elements, body = _read_header(path.read_bytes())
        return read_text_rows(body, elements) if order == "=" else read_binary_rows(body, elements, order)


def write_ply(path: Path, elements: dict[str, dict[str, NDArray[Any]]]) -> None:
    """Write a binary little-endian PLY; a two-dimensional column becomes a list property.

    Numbers keep their type: float32 as ``float``, float64 as ``double``, int32 as ``int``, uint8 as ``uchar``, and so
    on for all types of PLY.
    """
    header = ["ply", "format binary_little_endian 1.0"]
    for name, columns in elements.items():
        properties = [_property_line(key, column) for key, column in columns.items()]
        header += [f"element {name} {len(next(iter(columns.values())))}", *properties]
    with path.open("wb") as file:
        file.write("\n".join([*header, "end_header\n"]).encode("ascii"))
        for columns in elements.values():
            for start in range(0, len(next(iter(columns.values()))), _BLOCK):
                block = {name: column[start : start + _BLOCK] for name, column in columns.items()}
                file.write(_packed(block).tobytes())


def _property_line(name: str, column: NDArray[Any]) -> str:
    kind = NAMES[column.dtype.str[1:]]
    return f"property list uchar {kind} {name}" if column.ndim == 2 else f"property {kind} {name}"


def _packed(columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """The rows of an element as the file lays them out."""
    fields: dict[str, tuple[NDArray[Any] | int, Any]] = {}  # content and type
    for name, column in columns.items():
        kind = f"<{column.dtype.str[1:]}"
        if column.ndim == 2:
            fields[f"{name} count"] = column.shape[1], "u1"
            fields[name] = column, (kind, column.shape[1])
        else:
            fields[name] = column, kind
    rows = np.empty(len(next(iter(columns.values()))), [(name, kind) for name, (_, kind) in fields.items()])
    for name, (content, _) in fields.items():
        rows[name] = content
    return rows


def _read_header(data: bytes) -> tuple[str, list[Element], bytes]:
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
                elements.append(Element(name, int(rows)))
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


def _property(kinds: list[str], name: str) -> Property:
    match kinds:
        case ["list", count_kind, kind] if kind in TYPES and TYPES.get(count_kind, "f")[0] in "iu":
            return Property(name, TYPES[kind], TYPES[count_kind])
        case [kind] if kind in TYPES:
            return Property(name, TYPES[kind], None)
    raise ValueError(f"unknown type {' '.join(kinds)[:40]!r} of property {name[:40]!r}")


def _require_distinct(names: list[str], what: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{what} {twice[0][:40]!r} is declared twice")

"""PCD files of the Point Cloud Library: ASCII, binary, and binary_compressed.

    VERSION 0.7 / FIELDS x y z rgb / SIZE 4 4 4 4 / TYPE F F F U / COUNT 1 1 1 1 / WIDTH N / HEIGHT 1 /
    VIEWPOINT 0 0 0 1 0 0 0 / POINTS N / DATA binary / rows

Source: "The PCD (Point Cloud Data) file format", Point Cloud Library documentation.
"""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.columns import Table, named_table
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.scanners.lzf import unpack_lzf
from diffshape.data.formats.sizes import require_held, require_unpacked

_HEADER = 64 << 10  # bytes in which the header ends
_TYPES = ("I1", "I2", "I4", "I8", "U1", "U2", "U4", "U8", "F4", "F8")
_KINDS = {"I": "i", "U": "u", "F": "f"}
_PACKED = ("rgb", "rgba")


class _Header(NamedTuple):
    fields: list[tuple[str, str, int]]
    """Name, NumPy type and numbers a point of each field."""
    points: int
    data: str
    viewpoint: tuple[float, ...]


def read_pcd(path: Path) -> Table:
    """Points, normals, colours and all other fields; a point that was not seen is NaN there.

    Raises:
        ReadError: The file is damaged, cut short, or has no x, y and z.
    """
    content = path.read_bytes()
    with refusals(path, "PCD file"):
        header, start = _read_header(content)
        read = {"ascii": _text, "binary": _binary, "binary_compressed": _compressed}
        if header.data not in read:
            raise ValueError(f"DATA {header.data} is unknown; it may be {', '.join(read)}")
        columns = read[header.data](header, content[start:])
        notes = ()
        if header.viewpoint not in ((), (0, 0, 0, 1, 0, 0, 0)):
            notes = ("The VIEWPOINT of the PCD file is not applied; the points are taken as they stand in it.",)
        return named_table({name: column for name, column in columns.items() if name != "_"}, notes)


def write_pcd(path: Path, columns: dict[str, NDArray[Any]]) -> None:
    """Write a binary PCD of columns (N,) or (N, k); ``rgb`` and ``rgba`` (N,) uint32 are packed colours."""
    number = len(next(iter(columns.values())))
    kinds = {name: column.dtype.newbyteorder("<") for name, column in columns.items()}
    widths = {name: _width(column) for name, column in columns.items()}
    rows = np.zeros(number, [(name, kinds[name], widths[name]) for name in columns])
    for name, column in columns.items():
        rows[name] = column.reshape(number, -1) if widths[name] else column
    letters = {"i": "I", "u": "U", "f": "F"}
    lines = [
        "VERSION 0.7",
        f"FIELDS {' '.join(columns)}",
        f"SIZE {' '.join(str(kind.itemsize) for kind in kinds.values())}",
        f"TYPE {' '.join(letters[kind.kind] for kind in kinds.values())}",
        f"COUNT {' '.join(str((width or (1,))[0]) for width in widths.values())}",
        f"WIDTH {number}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {number}",
        "DATA binary\n",
    ]
    path.write_bytes("\n".join(lines).encode("ascii") + rows.tobytes())


def _width(column: NDArray[Any]) -> tuple[int, ...]:
    return () if column.ndim == 1 else (int(np.prod(column.shape[1:])),)


def _read_header(content: bytes) -> tuple[_Header, int]:
    """The header, and where the rows begin."""
    lines: dict[str, list[str]] = {}
    file = io.BytesIO(content[:_HEADER])
    while "DATA" not in lines:
        raw = file.readline()
        if not raw:
            raise ValueError("its header has no DATA line")
        words = raw.decode("latin-1").split() or ["#"]
        if not words[0].startswith("#"):
            lines[words[0].upper()] = words[1:]
    names = lines.get("FIELDS") or lines.get("COLUMNS") or []
    sizes, types = lines.get("SIZE", ["4"] * len(names)), lines.get("TYPE", ["F"] * len(names))
    counts = lines.get("COUNT", ["1"] * len(names))
    if not names or not len(names) == len(sizes) == len(types) == len(counts):
        raise ValueError("its header does not give every field a SIZE, a TYPE and a COUNT")
    fields = []
    for name, size, kind, count in zip(names, sizes, types, counts):
        if f"{kind}{size}" not in _TYPES or not count.isdecimal() or int(count) < 1:
            raise ValueError(f"field {name!r} has TYPE {kind}, SIZE {size} and COUNT {count}, which no PCD file has")
        fields.append((name, f"<{_KINDS[kind]}{size}", int(count)))
    try:
        grid = [int(lines[key][0]) if lines.get(key) else 1 for key in ("WIDTH", "HEIGHT")]
        points = int(lines["POINTS"][0]) if lines.get("POINTS") else grid[0] * grid[1]
        viewpoint = tuple(float(word) for word in lines.get("VIEWPOINT", []))
    except ValueError as error:
        raise ValueError("WIDTH, HEIGHT, POINTS or VIEWPOINT of its header are no numbers") from error
    if points < 1:
        raise ValueError(f"its header promises {points} points")
    return _Header(fields, points, " ".join(lines["DATA"]).lower(), viewpoint), file.tell()


def _row_size(header: _Header) -> int:
    return sum(np.dtype(kind).itemsize * count for _, kind, count in header.fields)


def _binary(header: _Header, data: bytes) -> dict[str, NDArray[Any]]:
    require_held(header.points * _row_size(header), len(data), f"{header.points} points")
    layout = np.dtype([(f"{place}", kind, (count,)) for place, (_, kind, count) in enumerate(header.fields)])
    rows = np.frombuffer(data, layout, header.points)
    return _named(header, [rows[f"{place}"] for place in range(len(header.fields))])


def _compressed(header: _Header, data: bytes) -> dict[str, NDArray[Any]]:
    """Column after column, packed as one."""
    if len(data) < 8:
        raise ValueError("it ends after its header")
    packed, size = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    require_held(packed, len(data) - 8, "packed points")
    require_held(header.points * _row_size(header), size, f"{header.points} points")
    require_unpacked(header.points * 24, len(data), f"{header.points} points")  # three float64 each
    unpacked, place, columns = unpack_lzf(data[8 : 8 + packed], size), 0, []
    for _, kind, count in header.fields:
        columns.append(np.frombuffer(unpacked, kind, header.points * count, place).reshape(-1, count))
        place += header.points * count * np.dtype(kind).itemsize
    return _named(header, columns)


def _text(header: _Header, data: bytes) -> dict[str, NDArray[Any]]:
    width = sum(count for *_, count in header.fields)
    require_held(2 * width * header.points, len(data) + 1, f"{header.points} points")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a file that ends here is refused below
            rows = np.loadtxt(io.BytesIO(data), ndmin=2, comments="#", encoding="latin-1")
    except ValueError as error:
        raise ValueError(f"its rows are not {width} numbers each") from error
    if rows.shape != (header.points, width):
        raise ValueError(f"{header.points} rows of {width} numbers promised, {rows.shape[0]} of {rows.shape[1]} found")
    columns, place = [], 0
    for name, kind, count in header.fields:
        column = rows[:, place : place + count]
        if name in _PACKED and kind == "<f4":
            with np.errstate(over="ignore"):
                column = column.astype("<f4")
        elif np.dtype(kind).kind in "iu":
            column = np.where(np.abs(column) < 2**62, column, 0).astype(np.int64).astype(kind)  # 0 for NaN
        columns.append(column)
        place += count
    return _named(header, columns)


def _named(header: _Header, columns: list[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Fields by name, (N,) or (N, k); packed colours as red, green, blue and alpha."""
    named: dict[str, NDArray[Any]] = {}
    for (name, _, count), column in zip(header.fields, columns):
        flat = column[:, 0] if count == 1 else column
        if name in _PACKED and count == 1 and flat.dtype.itemsize == 4:
            named |= _unpacked_colors(flat, alpha=name == "rgba")
        else:
            named[name] = flat
    return named


def _unpacked_colors(packed: NDArray[Any], *, alpha: bool) -> dict[str, NDArray[np.uint8]]:
    """Bytes 0xAARRGGBB, which the files hold as an integer or in the bits of a float."""
    octets = np.ascontiguousarray(packed).view(np.uint8).reshape(-1, 4)  # little-endian: blue first
    names = ("blue", "green", "red", "alpha") if alpha else ("blue", "green", "red")
    return {name: octets[:, place] for place, name in reversed(list(enumerate(names)))}

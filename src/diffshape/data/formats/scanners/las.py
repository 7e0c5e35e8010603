"""LAS and LAZ, the formats of airborne laser scans, through laspy (the extra ``las``).

The counts in the header are compared with the file before laspy reads it, which trusts them.
Source: ASPRS, "LAS specification 1.4 R15", 2019, table 3 (the header's layout).
"""

import os
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.columns import Table, with_colors
from diffshape.data.formats.refusals import refusals
from diffshape.data.formats.sizes import require_held, require_unpacked

_CHUNK = 1_000_000  # points read at a time
_PLACES = ("X", "Y", "Z", "x", "y", "z")


def read_las(path: Path) -> Table:
    """Points in the file's coordinates, float64; intensity, classification, colours and all else as attributes.

    Raises:
        ReadError: The file is damaged or cut short.
        ImportError: laspy, or for LAZ its backend lazrs, is not installed.
    """
    try:
        import laspy  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError(f"{path}: LAS and LAZ files are read with laspy; pip install laspy lazrs") from error
    size = path.stat().st_size
    with (
        refusals(path, "LAS file", foreign=BaseException),  # a panic of the unpacker, written in Rust, is no Exception
        path.open("rb") as file,
    ):
        _require_sound_header(file, size)
        file.seek(0)
        reader = laspy.LasReader(file, laz_backend=laspy.LazBackend.Lazrs, read_evlrs=False)
        header = reader.header
        if header.are_points_compressed:
            if not laspy.LazBackend.Lazrs.is_available():
                raise ImportError(f"{path}: LAZ files are unpacked by lazrs; pip install laspy lazrs")
            _require_sound_items(header)
            require_unpacked(header.point_count * max(header.point_format.size, 24), size, "points")
        else:
            require_held(header.point_count * header.point_format.size, size, f"{header.point_count} points")
        pieces = [_columns(chunk) for chunk in reader.chunk_iterator(_CHUNK)]
        found = sum(len(piece["points"]) for piece in pieces)
        if not pieces:
            raise ReadError("it holds no points")
        if found < header.point_count:
            raise ReadError(f"{header.point_count} points promised, {found} found; it is cut short")
    columns = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    points = columns.pop("points")
    return Table(points, None, with_colors(columns))


def _require_sound_header(file: BinaryIO, size: int) -> None:
    head = file.read(375)
    if len(head) < 227 or head[:4] != b"LASF":
        raise ReadError("it does not begin with a header of LAS")
    header_size, start, records, kind, row = struct.unpack_from("<HIIBH", head, 94)
    require_held(header_size + 54 * records, min(start, size), f"a header and {records} variable length records")
    if start > size or row == 0:
        raise ReadError("it ends before its points")
    if kind & 0x80:  # packed: eight bytes say where the table of chunks is, which begins with their number
        file.seek(start)
        table = int.from_bytes(file.read(8), "little", signed=True)
        if table == -1:  # written in one stream: then the last eight bytes say it
            file.seek(-8, os.SEEK_END)
            table = int.from_bytes(file.read(8), "little", signed=True)
        if not 0 <= table <= size - 8:
            raise ReadError("its table of packed chunks lies outside")
        file.seek(table + 4)
        chunks = int.from_bytes(file.read(4), "little")
        require_held(chunks * row, size, f"{chunks} packed chunks")


def _require_sound_items(header: Any) -> None:
    """The parts of a packed point must make up the point: the unpacker takes its sizes from there."""
    for record in header.vlrs.get("LasZipVlr"):
        data = record.record_data
        number = int.from_bytes(data[32:34], "little")
        sizes = [int.from_bytes(data[36 + 6 * item : 38 + 6 * item], "little") for item in range(number)]
        if len(data) < 34 + 6 * number or sum(sizes) != header.point_format.size:
            raise ReadError("the record of its packing is damaged")


def _columns(chunk: Any) -> dict[str, NDArray[Any]]:
    """All columns of some points, by name."""
    with np.errstate(all="ignore"):  # a damaged scale gives coordinates that are not finite
        places = np.stack([chunk.x, chunk.y, chunk.z], axis=1).astype(np.float64)
    columns: dict[str, NDArray[Any]] = {"points": places}
    for name in chunk.point_format.dimension_names:
        if name not in _PLACES:
            columns[name] = np.asarray(chunk[name])
    return columns

"""The parts of a GLB file, and the numbers to which its description points.

An accessor names a type, a count and a view; a view is a stretch of the one block of the file, or, sparse, some rows
that replace others. Every stretch is compared with the size of the block before it is read.

Source: Khronos Group, "glTF 2.0 Specification", sections 3.6 and 4.4.
"""

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.formats.meshes.polygons import require_corners

KINDS = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
JSON, BIN = 0x4E4F534A, 0x004E4942
COMPRESSIONS = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")
_LEAST_ROOM = 4_000_000
"""Number of rows that any file may name, repeats included."""
_ROOM_OF_NONE = 100
"""Number of rows that naming an accessor counts for beside its own."""


class GlbNumbers:
    """The description of a file, ``description``, and its block of numbers.

    Raises:
        ReadError: Parts are missing or incomplete.
    """

    def __init__(self, data: bytes) -> None:
        self.description, self._block = _chunks(data)
        self._room = max(_LEAST_ROOM, len(data))

    def accessor(self, number: Any, width: int | None = None) -> NDArray[Any]:
        """The rows of an accessor, (N, width): numbers as they are, or shares of their range if they are normalized."""
        accessor = self.item("accessors", number)
        kind, columns, count = KINDS[accessor["componentType"]], _WIDTHS[accessor["type"]], _size(accessor["count"])
        if width not in (None, columns):
            raise ReadError(f"accessor {number} has {columns} numbers a row, where {width} are due")
        if "bufferView" in accessor:
            rows = self._rows(accessor, kind, columns, count)
        elif "sparse" not in accessor or count > len(self._block):
            raise ReadError(f"accessor {number} promises {count:,} rows, and none are in the file")
        else:
            rows = np.zeros((count, columns), f"<{kind}")
        self._take_room(count)
        if "sparse" in accessor:
            rows = self._filled(rows, accessor["sparse"])
        if accessor.get("normalized") and kind[0] in "iu":
            return np.maximum(rows / np.iinfo(kind).max, -1.0)
        return rows

    def _take_room(self, count: int) -> None:
        """Count rows that are read, and refuse a file that names the same numbers again and again."""
        self._room -= count + _ROOM_OF_NONE
        if self._room < 0:
            raise ReadError("it repeats its meshes to a multiple of what the file holds; save it as one mesh")

    def _filled(self, rows: NDArray[Any], sparse: dict[str, Any]) -> NDArray[Any]:
        """A copy of the rows with some of them replaced."""
        count, where = _size(sparse["count"]), sparse["indices"]
        indices = self._rows(where, KINDS[where["componentType"]], 1, count)[:, 0].astype(np.int64)
        require_corners(indices, len(rows))
        rows = rows.copy()
        rows[indices] = self._rows(sparse["values"], rows.dtype.str[1:], rows.shape[1], count)
        return rows

    def _rows(self, where: dict[str, Any], kind: str, columns: int, count: int) -> NDArray[Any]:
        """``count`` rows of the block, from the offset and with the stride that are declared."""
        view = self.item("bufferViews", where["bufferView"])
        compressed = [name for name in COMPRESSIONS if name in view.get("extensions", {})]
        if compressed:
            raise ReadError(f"its numbers are compressed by {compressed[0]}, which is not read; save it without")
        buffer = self.item("buffers", view["buffer"])
        if view["buffer"] != 0 or "uri" in buffer:
            raise ReadError("its numbers are not in its own block, and nothing else is opened; save it as one file")
        start, offset = _size(view.get("byteOffset", 0)), _size(where.get("byteOffset", 0))
        row = int(kind[1]) * columns
        length, stride = _size(view["byteLength"]), _size(view.get("byteStride", row))
        if count == 0:
            return np.empty((0, columns), f"<{kind}")
        end = offset + stride * (count - 1) + row
        if start + length > len(self._block) or end > length or stride < row:
            raise ReadError(f"{count:,} rows are promised, and the file holds fewer")
        return np.ndarray((count, columns), f"<{kind}", self._block, start + offset, (stride, int(kind[1])))

    def item(self, name: str, number: Any) -> dict[str, Any]:
        """One of a list of the description, by its number."""
        items = listed(self.description, name)
        if type(number) is not int or not 0 <= number < len(items):
            raise ReadError(f"it names number {str(number)[:20]} of {len(items)} {name}")
        return items[number]


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The description and the block."""
    if data[:4] != b"glTF":
        raise ReadError("the first four letters are not glTF")
    if len(data) < 20:
        raise ReadError("it is cut short")
    version, length, json_length, json_kind = struct.unpack("<IIII", data[4:20])
    if version != 2 or json_kind != JSON:
        raise ReadError(f"it is version {version} of the format; version 2 is read")
    if max(length, 20 + json_length) > len(data):
        raise ReadError("it is cut short")
    description = json.loads(data[20 : 20 + json_length])
    start = 20 + json_length
    block_length, block_kind = struct.unpack("<II", data[start : start + 8]) if len(data) >= start + 8 else (0, BIN)
    if block_kind != BIN or start + 8 + block_length > max(len(data), start + 8):
        raise ReadError("it is cut short")
    return description, data[start + 8 : start + 8 + block_length]


def _size(value: Any) -> int:
    """A whole number of bytes or rows; glTF allows 3.0 for 3."""
    if not isinstance(value, (int, float)) or value != value or not 0 <= value < 2**53 or value != int(value):
        raise ReadError(f"a size or an offset is {str(value)[:20]}")
    return int(value)


def listed(thing: dict[str, Any], name: str) -> list[Any]:
    """A list that the description, or a part of it, has under a name; empty if it has none."""
    found = thing.get(name, [])
    if not isinstance(found, list):
        raise ReadError(f"{name} is no list")
    return found

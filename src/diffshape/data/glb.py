"""GLB, the binary form of glTF 2.0: a description in JSON, and one block of numbers that it points into.

A scene is a tree of nodes, each with a place in its parent; nodes show meshes, meshes have primitives (triangles,
points, lines), and primitives have accessors: typed views of the block. Every view is held against the size of the
block before it is taken.

Source: Khronos Group, "glTF 2.0 Specification", sections 3.5 to 3.7 and 4.4; KHR_mesh_quantization.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.attributes import Attributes, color_bytes
from diffshape.data.coincident import distinct_rows
from diffshape.data.polygons import Polygons, require_corners, strip_triangles
from diffshape.data.single_precision import float32_center

_KINDS = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_NEEDLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_xmp", "MSFT_texture_")
_READ = ("KHR_mesh_quantization",)
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")
_LEAST_ROOM = 4_000_000
"""How many vertices and corners any file may place, however often its meshes are repeated."""


class _Damaged(ValueError):
    """What is wrong with a GLB file, as the end of a sentence."""


@dataclass(frozen=True)
class _Primitive:
    """Vertices in their places, corners (F, 3), none for points, normals, and what else the vertices have."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float64] | None
    attributes: Attributes


def read_glb(path: Path) -> Polygons:
    """The triangles of the scene of a GLB file in their places, coincident vertices merged; or its points, as they are.

    Integers are decoded as they are declared, sparse accessors are filled in. A file that needs an extension which
    changes its geometry (compression, instances) is refused by the name of that.
    """
    try:
        scene = _Scene(path.read_bytes())
        scene.require_known_extensions()
        primitives = list(scene.primitives())
        return _together(primitives, scene.notes())
    except _Damaged as error:
        raise ReadError(f"{path}: not a readable GLB file ({error}); export it again") from error
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        # JSON of any shape: a list for a number, a text for an index
        raise ReadError(f"{path}: not a readable GLB file (its description is no glTF 2.0); export it again") from error


def write_glb(
    path: Path, vertices: NDArray[Any], faces: NDArray[Any], normals: NDArray[Any] | None, attributes: Attributes
) -> None:
    """One mesh, in float32 around a node's place, with normals and colours."""
    place = float32_center(vertices)
    parts = {"POSITION": (vertices - place).astype("<f4")}
    if normals is not None:
        length = np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True)
        parts["NORMAL"] = (normals / np.where(length > 0, length, 1)).astype("<f4")
    if "colors" in attributes:  # four bytes a vertex, as places of vertices are multiples of four
        colors = attributes["colors"]
        parts["COLOR_0"] = np.hstack([colors, np.full((len(colors), 4 - colors.shape[1]), 255, np.uint8)])
    parts["indices"] = faces.astype("<u4").reshape(-1, 1)
    views, accessors, block = [], [], b""
    for name, array in parts.items():
        kind = next(code for code, each in _KINDS.items() if each == array.dtype.str[1:])
        accessor = {"bufferView": len(views), "componentType": kind, "count": len(array)}
        accessor["type"] = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}[array.shape[1]]
        accessor |= {"normalized": True} if name == "COLOR_0" else {}
        if name == "POSITION":
            accessor |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        accessors.append(accessor)
        target = 34963 if name == "indices" else 34962
        views.append({"buffer": 0, "byteOffset": len(block), "byteLength": array.nbytes, "target": target})
        block += array.tobytes()
    numbers = {name: number for number, name in enumerate(parts)}
    primitive = {"indices": numbers.pop("indices"), "attributes": numbers}
    description = {
        "asset": {"version": "2.0", "generator": "diffshape"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0} | ({"translation": place.tolist()} if place.any() else {})],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(block)}],
    }
    text = json.dumps(description, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(block), _BIN) + block
    path.write_bytes(b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks)


class _Scene:
    """The description of a file, its block, and what they say together."""

    def __init__(self, data: bytes) -> None:
        self.description, self.block = _chunks(data)
        self._left_out: set[str] = set()
        self._room = max(_LEAST_ROOM, len(data))

    def require_known_extensions(self) -> None:
        """Refuse what cannot be left out without another shape as the result."""
        required = self._list(self.description, "extensionsRequired")
        for name in required:
            if name in _COMPRESSED:
                raise _Damaged(f"its meshes are compressed by {name}, which is not read; save it without compression")
            if name not in _READ and not str(name).startswith(_NEEDLESS):
                raise _Damaged(f"it requires the extension {str(name)[:40]}, which is not read")

    def notes(self) -> tuple[str, ...]:
        """What the file has and is not read."""
        if any(self.description.get(name) for name in ("materials", "textures", "images")):
            self._left_out.add("materials and textures")
        if any(self.description.get(name) for name in ("skins", "animations")):
            self._left_out.add("skins and animations")
        if len(self._list(self.description, "scenes")) > 1:
            self._left_out.add("scenes other than the default one")
        told = ", ".join(sorted(self._left_out))
        return (f"Not read of this file: {told}.",) if told else ()

    def primitives(self) -> Iterator[_Primitive]:
        """All triangles and points, in place; those of a mesh that two nodes show come twice."""
        for node, place in self._nodes():
            if "EXT_mesh_gpu_instancing" in node.get("extensions", {}):
                raise _Damaged("it repeats meshes by EXT_mesh_gpu_instancing, which is not read")
            if "mesh" in node:
                mesh = self._item("meshes", node["mesh"])
                for primitive in self._list(mesh, "primitives"):
                    read = self._primitive(primitive, place)
                    if read is not None:
                        yield read

    def _nodes(self) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
        """The nodes of the default scene and where they stand, as (4, 4) matrices; all nodes if there is no scene."""
        nodes = self._list(self.description, "nodes")
        if self.description.get("scenes"):
            roots = self._list(self._item("scenes", self.description.get("scene", 0)), "nodes")
        else:
            children = {child for node in nodes for child in self._list(node, "children")}
            roots = [number for number in range(len(nodes)) if number not in children]
        seen, ahead = set(), [(root, np.eye(4)) for root in reversed(roots)]
        while ahead:
            number, outer = ahead.pop()
            node = self._item("nodes", number)
            if number in seen:
                raise _Damaged(f"node {number} stands in two places of its tree")
            seen.add(number)
            place = outer @ _local_place(node)
            yield node, place
            ahead += [(child, place) for child in reversed(self._list(node, "children"))]

    def _primitive(self, primitive: dict[str, Any], place: NDArray[np.float64]) -> _Primitive | None:
        mode, named = primitive.get("mode", _TRIANGLES), primitive["attributes"]
        if "POSITION" not in named and "KHR_draco_mesh_compression" in primitive.get("extensions", {}):
            raise _Damaged("its meshes are compressed by KHR_draco_mesh_compression; save it without compression")
        if mode not in (_POINTS, _TRIANGLES, _STRIP, _FAN):
            self._left_out.add("lines")
            return None
        if "targets" in primitive:
            self._left_out.add("morph targets")
        positions = self._accessor(named["POSITION"], 3)
        self._take_room(len(positions))
        faces = self._faces(primitive, mode, len(positions))
        with np.errstate(all="ignore"):  # places that are not finite are refused where a mesh is made of them
            vertices = positions @ place[:3, :3].T + place[:3, 3]
            turn = np.linalg.det(place[:3, :3])
            normals = self._accessor(named["NORMAL"], 3) if "NORMAL" in named else None
            if normals is not None and turn != 0:
                normals = normals @ np.linalg.inv(place[:3, :3])
        if turn < 0:  # a mirrored node: the specification turns its triangles
            faces = faces[:, ::-1]
        for name in named:
            if name.startswith("TEXCOORD"):
                self._left_out.add("texture coordinates")
        attributes = {name.removeprefix("_"): self._accessor(named[name]) for name in named if name.startswith("_")}
        if "COLOR_0" in named:
            colors = color_bytes(self._accessor(named["COLOR_0"]))
            if colors is not None and colors.shape[1:] in ((3,), (4,)):
                attributes["colors"] = colors
        wrong = [name for name, each in attributes.items() if len(each) != len(positions)]
        if wrong or (normals is not None and len(normals) != len(positions)):
            raise _Damaged("a mesh has more or fewer places than normals, colours or other attributes")
        return _Primitive(vertices, faces, normals, attributes)

    def _faces(self, primitive: dict[str, Any], mode: int, vertices: int) -> NDArray[np.int64]:
        if mode == _POINTS:
            return np.empty((0, 3), np.int64)
        if "indices" in primitive:
            corners = self._accessor(primitive["indices"], 1)[:, 0]
            if corners.dtype.kind != "u":
                raise _Damaged("a mesh has indices that are no unsigned integers")
            self._take_room(len(corners))
            corners = corners.astype(np.int64)
        else:
            corners = np.arange(vertices)
        require_corners(corners, vertices)
        if mode == _STRIP:
            return strip_triangles(np.array([len(corners)]), corners)
        if mode == _FAN:
            return np.stack([np.full(max(len(corners) - 2, 0), corners[:1]), corners[1:-1], corners[2:]], axis=1)
        if len(corners) % 3:
            raise _Damaged(f"a mesh of triangles has {len(corners)} corners")
        return corners.reshape(-1, 3)

    def _take_room(self, count: int) -> None:
        self._room -= count
        if self._room < 0:
            raise _Damaged("its nodes repeat meshes to a multiple of what the file holds; save it with one mesh")

    def _accessor(self, number: Any, width: int | None = None) -> NDArray[Any]:
        """The rows of an accessor, (N, width): numbers as they are, or divided by their range if they are normalized."""
        accessor = self._item("accessors", number)
        kind, columns, count = _KINDS[accessor["componentType"]], _WIDTHS[accessor["type"]], _size(accessor["count"])
        if width not in (None, columns):
            raise _Damaged(f"accessor {number} has {columns} numbers a row, where {width} are due")
        if "bufferView" in accessor:
            rows = self._rows(accessor, kind, columns, count)
        elif "sparse" not in accessor or count > len(self.block):
            raise _Damaged(f"accessor {number} promises {count:,} rows, and none are in the file")
        else:
            rows = np.zeros((count, columns), f"<{kind}")
        if "sparse" in accessor:
            rows = self._filled(rows, accessor["sparse"])
        if accessor.get("normalized") and kind[0] in "iu":
            return np.maximum(rows / np.iinfo(kind).max, -1.0)
        return rows

    def _filled(self, rows: NDArray[Any], sparse: dict[str, Any]) -> NDArray[Any]:
        """A copy of the rows with some of them replaced."""
        count, where = _size(sparse["count"]), sparse["indices"]
        indices = self._rows(where, _KINDS[where["componentType"]], 1, count)[:, 0].astype(np.int64)
        require_corners(indices, len(rows))
        rows = rows.copy()
        rows[indices] = self._rows(sparse["values"], rows.dtype.str[1:], rows.shape[1], count)
        return rows

    def _rows(self, where: dict[str, Any], kind: str, columns: int, count: int) -> NDArray[Any]:
        """``count`` rows of the block, from the offset and with the stride that are declared."""
        view = self._item("bufferViews", where["bufferView"])
        buffer = self._item("buffers", view["buffer"])
        if view["buffer"] != 0 or "uri" in buffer:
            raise _Damaged("its numbers are in another file, which is not opened; save it as one file")
        start, length, offset = (
            _size(view.get("byteOffset", 0)),
            _size(view["byteLength"]),
            _size(where.get("byteOffset", 0)),
        )
        row = int(kind[1]) * columns
        stride = _size(view.get("byteStride", row))
        if start + length > len(self.block) or (count and offset + stride * (count - 1) + row > length) or stride < row:
            raise _Damaged(f"{count:,} rows are promised, and the file holds fewer")
        if count == 0:
            return np.empty((0, columns), f"<{kind}")
        return np.ndarray((count, columns), f"<{kind}", self.block, start + offset, (stride, int(kind[1])))

    def _item(self, name: str, number: Any) -> dict[str, Any]:
        items = self._list(self.description, name)
        if type(number) is not int or not 0 <= number < len(items):
            raise _Damaged(f"it names number {str(number)[:20]} of {len(items)} {name}")
        return items[number]

    @staticmethod
    def _list(thing: dict[str, Any], name: str) -> list[Any]:
        found = thing.get(name, [])
        if not isinstance(found, list):
            raise _Damaged(f"{name} is no list")
        return found


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The description and the block."""
    if data[:4] != b"glTF":
        raise _Damaged("the first four letters are not glTF")
    if len(data) < 20:
        raise _Damaged("it is cut short")
    version, length, json_length, json_kind = struct.unpack("<IIII", data[4:20])
    if version != 2 or json_kind != _JSON:
        raise _Damaged(f"it is version {version} of the format; version 2 is read")
    if max(length, 20 + json_length) > len(data):
        raise _Damaged("it is cut short")
    description = json.loads(data[20 : 20 + json_length])
    start = 20 + json_length
    block_length, block_kind = struct.unpack("<II", data[start : start + 8]) if len(data) >= start + 8 else (0, _BIN)
    if block_kind != _BIN or start + 8 + block_length > max(len(data), start + 8):
        raise _Damaged("it is cut short")
    return description, data[start + 8 : start + 8 + block_length]


def _size(value: Any) -> int:
    """A whole number of bytes or rows; glTF allows 3.0 for 3."""
    if not isinstance(value, (int, float)) or value != value or not 0 <= value < 2**53 or value != int(value):
        raise _Damaged(f"a size or an offset is {str(value)[:20]}")
    return int(value)


def _local_place(node: dict[str, Any]) -> NDArray[np.float64]:
    """The matrix (4, 4) of a node in its parent: as it is written, or translation @ rotation @ scale."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = (float(each) for each in node.get("rotation", (0, 0, 0, 1)))
    place = np.eye(4)
    rotation = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    place[:3, :3] = np.array(rotation) * np.array(node.get("scale", (1, 1, 1)), np.float64).reshape(3)
    place[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64).reshape(3)
    return place


def _together(primitives: list[_Primitive], notes: tuple[str, ...]) -> Polygons:
    """All primitives as one: their triangles if there are any, with coincident vertices merged, else their points."""
    solid = [each for each in primitives if len(each.faces)]
    if solid and len(solid) < len(primitives):
        notes = (*notes, "Points beside the triangles are not read.")
    kept = solid or primitives
    if not kept:
        return Polygons(np.empty((0, 3)), np.empty(0, np.int64), np.empty(0, np.int64), notes=notes)
    vertices = np.concatenate([each.vertices for each in kept])
    shared = [
        name
        for name, first in kept[0].attributes.items()
        if all(name in each.attributes and each.attributes[name].shape[1:] == first.shape[1:] for each in kept)
    ]
    attributes = {name: np.concatenate([each.attributes[name] for each in kept]) for name in shared}
    attributes = {name: each[:, 0] if each.shape[1] == 1 else each for name, each in attributes.items()}
    if not solid:
        normals = [each.normals for each in kept if each.normals is not None]
        together = np.concatenate(normals).astype(np.float64) if len(normals) == len(kept) else None
        return Polygons(vertices, np.empty(0, np.int64), np.empty(0, np.int64), together, attributes, notes)
    firsts = np.cumsum([0] + [len(each.vertices) for each in kept])
    corners = np.concatenate([(each.faces + first).reshape(-1) for each, first in zip(kept, firsts)])
    distinct = distinct_rows(vertices)
    attributes = {name: each[distinct.first] for name, each in attributes.items()}
    counts = np.full(len(corners) // 3, 3)
    return Polygons(vertices[distinct.first], counts, distinct.place[corners], None, attributes, notes)

"""GLB, the binary form of glTF 2.0: a description in JSON, and one block of numbers that it points into.

A scene is a tree of nodes, each with a place in its parent; nodes show meshes, meshes have primitives (triangles,
points, lines), and primitives have accessors, which `glb.numbers` reads.

Source: Khronos Group, "glTF 2.0 Specification", sections 3.5 and 3.7; KHR_mesh_quantization.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.attributes import Attributes, color_bytes
from diffshape.data.coincident import distinct_rows
from diffshape.data.formats.columns import with_colors
from diffshape.data.formats.glb.numbers import COMPRESSIONS, GlbNumbers, listed
from diffshape.data.formats.meshes.polygons import Polygons, require_corners, strip_triangles
from diffshape.data.formats.refusals import refusals

_POINTS, _TRIANGLES, _STRIP, _FAN = 0, 4, 5, 6
_NEEDLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_xmp", "MSFT_texture_")
_OF_ANY_JSON = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""Errors that JSON of the wrong types raises, such as a list for a number or a text for an index."""
_READ = ("KHR_mesh_quantization",)


@dataclass(frozen=True)
class _Primitive:
    """Vertices in scene coordinates, corners (F, 3), none for points, normals, and attributes of the vertices."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float64] | None
    attributes: Attributes


def read_glb(path: Path) -> Polygons:
    """The triangles of the scene of a GLB file, coincident vertices merged; without triangles, the points as they are.

    Integers are decoded as they are declared, sparse accessors are filled in. A file that needs an extension which
    changes its geometry (compression, instances) is refused, and the extension named.
    """
    with refusals(path, "GLB file", foreign=_OF_ANY_JSON, otherwise="its description is no glTF 2.0"):
        scene = _Scene(path.read_bytes())
        scene.require_known_extensions()
        primitives = list(scene.primitives())
        return _together(primitives, scene.notes())


class _Scene:
    """The description of a file and its block, read as one scene."""

    def __init__(self, data: bytes) -> None:
        self._numbers = GlbNumbers(data)
        self._description = self._numbers.description
        self._left_out: set[str] = set()

    def require_known_extensions(self) -> None:
        """Refuse extensions that cannot be ignored without changing the shape."""
        required = listed(self._description, "extensionsRequired")
        for name in required:
            if name in COMPRESSIONS:
                raise ReadError(f"its meshes are compressed by {name}, which is not read; save it without")
            if name not in _READ and not str(name).startswith(_NEEDLESS):
                raise ReadError(f"it requires the extension {str(name)[:40]}, which is not read")

    def notes(self) -> tuple[str, ...]:
        """Notes on content of the file that is not read."""
        if any(self._description.get(name) for name in ("materials", "textures", "images")):
            self._left_out.add("materials and textures")
        if any(self._description.get(name) for name in ("skins", "animations")):
            self._left_out.add("skins and animations")
        if len(listed(self._description, "scenes")) > 1:
            self._left_out.add("scenes other than the default one")
        told = ", ".join(sorted(self._left_out))
        return (f"Not read of this file: {told}.",) if told else ()

    def primitives(self) -> Iterator[_Primitive]:
        """All triangles and points, in place; those of a mesh that two nodes show come twice."""
        for node, place in self._nodes():
            if "EXT_mesh_gpu_instancing" in node.get("extensions", {}):
                raise ReadError("it repeats meshes by EXT_mesh_gpu_instancing, which is not read")
            if "mesh" in node:
                mesh = self._numbers.item("meshes", node["mesh"])
                for primitive in listed(mesh, "primitives"):
                    read = self._primitive(primitive, place)
                    if read is not None:
                        yield read

    def _nodes(self) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
        """The nodes of the default scene and where they stand, as (4, 4) matrices; all nodes if there is no scene."""
        nodes = listed(self._description, "nodes")
        if self._description.get("scenes"):
            roots = listed(self._numbers.item("scenes", self._description.get("scene", 0)), "nodes")
        else:
            children = {child for node in nodes for child in listed(node, "children")}
            roots = [number for number in range(len(nodes)) if number not in children]
        seen, ahead = set(), [(root, np.eye(4)) for root in reversed(roots)]
        while ahead:
            number, outer = ahead.pop()
            node = self._numbers.item("nodes", number)
            if number in seen:
                raise ReadError(f"node {number} stands in two places of its tree")
            seen.add(number)
            with np.errstate(all="ignore"):
                place = outer @ _local_place(node)
            yield node, place
            ahead += [(child, place) for child in reversed(listed(node, "children"))]

    def _primitive(self, primitive: dict[str, Any], place: NDArray[np.float64]) -> _Primitive | None:
        mode, named = primitive.get("mode", _TRIANGLES), primitive["attributes"]
        if "POSITION" not in named and COMPRESSIONS[0] in primitive.get("extensions", {}):
            raise ReadError(f"its meshes are compressed by {COMPRESSIONS[0]}, which is not read; save it without")
        if mode not in (_POINTS, _TRIANGLES, _STRIP, _FAN):
            self._left_out.add("lines")
            return None
        if "targets" in primitive:
            self._left_out.add("morph targets")
        positions = self._numbers.accessor(named["POSITION"], 3)
        faces = self._faces(primitive, mode, len(positions))
        with np.errstate(all="ignore"):  # places that are not finite are refused where a mesh is made of them
            vertices = positions @ place[:3, :3].T + place[:3, 3]
            turn = np.linalg.det(place[:3, :3])
            normals = None
            if "NORMAL" in named and turn != 0:
                given = self._numbers.accessor(named["NORMAL"], 3).astype(np.float64)
                if len(given) != len(positions):
                    raise ReadError("a mesh has more or fewer places than normals")
                normals = given @ np.linalg.inv(place[:3, :3])
        if turn < 0:  # a mirrored node: the specification turns its triangles
            faces = faces[:, ::-1]
        return _Primitive(vertices, faces, normals, self._attributes(named, len(positions)))

    def _attributes(self, named: dict[str, Any], count: int) -> Attributes:
        """Colours, and attributes that a program has added under a name that begins with an underscore."""
        if any(name.startswith("TEXCOORD") for name in named):
            self._left_out.add("texture coordinates")
        own = [name for name in named if name.startswith("_")]
        attributes = with_colors({name[1:]: self._numbers.accessor(named[name]) for name in own})
        if "COLOR_0" in named:
            colors = color_bytes(self._numbers.accessor(named["COLOR_0"]))
            if colors is not None and colors.shape[1] in (3, 4):
                attributes["colors"] = colors
        if any(len(each) != count for each in attributes.values()):
            raise ReadError("a mesh has more or fewer places than colours or other attributes")
        return attributes

    def _faces(self, primitive: dict[str, Any], mode: int, vertices: int) -> NDArray[np.int64]:
        if mode == _POINTS:
            return np.empty((0, 3), np.int64)
        if "indices" in primitive:
            corners = self._numbers.accessor(primitive["indices"], 1)[:, 0]
            if corners.dtype.kind != "u":
                raise ReadError("a mesh has indices that are no unsigned integers")
            corners = corners.astype(np.int64)
        else:
            corners = np.arange(vertices)
        require_corners(corners, vertices)
        if mode == _STRIP:
            return strip_triangles(np.array([len(corners)]), corners)
        if mode == _FAN:
            return np.stack([np.full(max(len(corners) - 2, 0), corners[:1]), corners[1:-1], corners[2:]], axis=1)
        if len(corners) % 3:
            raise ReadError(f"a mesh of triangles has {len(corners)} corners")
        return corners.reshape(-1, 3)


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
    merged = {name: each[distinct.first] for name, each in attributes.items()}
    torn = [name for name, each in merged.items() if not np.array_equal(each[distinct.place], attributes[name])]
    if torn:
        notes = (*notes, f"Of coincident vertices that differ in {', '.join(torn)} one is kept.")
    counts = np.full(len(corners) // 3, 3)
    return Polygons(vertices[distinct.first], counts, distinct.place[corners], None, merged, notes)

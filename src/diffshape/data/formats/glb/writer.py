"""A mesh as a GLB file: one node, one mesh, one block of numbers."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.attributes import Attributes
from diffshape.data.formats.glb.numbers import BIN, JSON, KINDS
from diffshape.data.single_precision import float32_center


def write_glb(
    path: Path, vertices: NDArray[Any], faces: NDArray[Any], normals: NDArray[Any] | None, attributes: Attributes
) -> None:
    """One mesh, in float32 around the place of its node, with normals, colours and a confidence."""
    path.write_bytes(glb_bytes(vertices, faces, normals, attributes))


def glb_bytes(
    vertices: NDArray[Any],
    faces: NDArray[Any],
    normals: NDArray[Any] | None,
    attributes: Attributes,
    material: Mapping[str, Any] | None = None,
) -> bytes:
    """The content of a file, with a material, as glTF describes it, if there is one."""
    place = float32_center(vertices)
    parts = {"POSITION": (vertices - place).astype("<f4")}
    if normals is not None:
        length = np.linalg.norm(normals.astype(np.float64), axis=1, keepdims=True)
        parts["NORMAL"] = (normals / np.where(length > 0, length, 1)).astype("<f4")
    if "colors" in attributes:
        parts["COLOR_0"] = attributes["colors"]
    if "confidence" in attributes:  # names of attributes that glTF does not define begin with an underscore
        if attributes["confidence"].ndim != 1:
            raise ValueError(f"a GLB file holds one confidence a vertex, got {attributes['confidence'].shape}")
        parts["_confidence"] = attributes["confidence"].astype("<f4")[:, None]
    parts["indices"] = faces.astype("<u4").reshape(-1, 1)
    numbers = {name: number for number, name in enumerate(parts)}
    primitive: dict[str, Any] = {"indices": numbers.pop("indices"), "attributes": numbers}
    materials = {} if material is None else {"materials": [material]}
    primitive |= {"material": 0} if materials else {}
    block, stretches = _block(parts)
    description = {
        "asset": {"version": "2.0", "generator": "diffshape"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0} | ({"translation": place.tolist()} if place.any() else {})],
        "meshes": [{"primitives": [primitive]}],
        **materials,
        **stretches,
    }
    text = json.dumps(description, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), JSON) + text + struct.pack("<II", len(block), BIN) + block
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _block(parts: dict[str, NDArray[Any]]) -> tuple[bytes, dict[str, list[dict[str, Any]]]]:
    """All arrays end to end, and what says where each of them is and of what it consists."""
    codes, types = {kind: code for code, kind in KINDS.items()}, {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
    views, accessors, block = [], [], b""
    for number, (name, array) in enumerate(parts.items()):
        kind, columns = codes[array.dtype.str[1:]], array.shape[1]
        accessor: dict[str, Any] = {"bufferView": number, "componentType": kind, "type": types[columns]}
        view = {"buffer": 0, "byteOffset": len(block), "target": 34963 if name == "indices" else 34962}
        if name == "POSITION":
            accessor |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        if name == "COLOR_0":  # rows have to begin at multiples of four bytes
            accessor["normalized"], view["byteStride"] = True, 4
            array = np.hstack([array, np.full((len(array), 4 - columns), 255, np.uint8)])
        accessors.append({**accessor, "count": len(array)})
        views.append({**view, "byteLength": array.nbytes})
        block += array.tobytes()
    return block, {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(block)}]}

"""STL: triangles with all their corners written out, binary (float32) or text.

Source: "StereoLithography Interface Specification", 3D Systems, 1988.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.coincident import distinct_rows
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.meshes.text import number

_ROW = [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")]
_NAME = re.compile(r"\b(end)?solid\b.*?(?=\bfacet\s+normal|$)", re.IGNORECASE | re.MULTILINE)


def read_stl(path: Path) -> Polygons:
    """STL, binary or text; coincident corners become one vertex.

    Bytes behind a binary file, and a text without its last word, are reported in notes. Colours of facets are not read.
    """
    data, notes = path.read_bytes().removeprefix(b"\xef\xbb\xbf"), []
    promised, held = int.from_bytes(data[80:84], "little"), (len(data) - 84) // 50
    if _is_text(data) and len(data) != 84 + 50 * promised:
        corners, ended = _text_corners(path, data.replace(b"\r", b"\n").decode("latin-1"))
        if not ended:
            notes.append("The file ends without 'endsolid': it may be cut short.")
    elif len(data) < 84 or held < promised or (promised == 0 and len(data) > 84):
        raise ReadError(f"{path}: not a whole STL file; it is cut short or of another format")
    else:
        rows = np.frombuffer(data, _ROW, promised, 84) if promised else np.empty(0, _ROW)
        with np.errstate(invalid="ignore"):  # some NaNs; they are refused where a mesh is made of them
            corners = rows["corners"].reshape(-1, 3).astype(np.float64)
        if len(data) > 84 + 50 * promised:
            notes.append(f"Bytes behind the last facet are not read, {len(data) - 84 - 50 * promised:,} of them.")
        if rows["spare"].any():
            notes.append("Colours of facets are not read.")
    distinct = distinct_rows(corners)
    counts = np.full(len(corners) // 3, 3)
    return Polygons(corners[distinct.first], counts, distinct.place, notes=tuple(notes))


def write_stl(path: Path, vertices: NDArray[Any], faces: NDArray[Any]) -> None:
    """Binary STL, in float32."""
    corners = vertices[faces].astype(np.float64)  # (F, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    rows = np.zeros(len(corners), _ROW)
    rows["normal"], rows["corners"] = normals / np.where(length > 0, length, 1), corners
    header = b"binary STL".ljust(80) + len(rows).to_bytes(4, "little")
    path.write_bytes(header + rows.tobytes())


def _is_text(data: bytes) -> bool:
    head = data[:1000].lower()
    return head.lstrip().startswith(b"solid") and b"\0" not in head and re.search(rb"facet|endsolid", head) is not None


def _text_corners(path: Path, text: str) -> tuple[NDArray[np.float64], bool]:
    """The corners (3F, 3) of a text, and whether it has its last word."""
    ended = any(match[1] for match in _NAME.finditer(text))
    words = _NAME.sub(" ", text).lower().split()
    keys = [word for word in words if word in ("vertex", "endfacet")]
    count = len(keys) // 4
    if keys != ["vertex", "vertex", "vertex", "endfacet"] * count or words.count("facet") != count:
        raise ReadError(f"{path}: an STL facet without three corners; the file is cut short or damaged")
    places = [place for place, word in enumerate(words) if word == "vertex"]
    try:
        corners = [number(word) for place in places for word in words[place + 1 : place + 4]]
    except ValueError as error:
        raise ReadError(f"{path}: a corner of an STL facet is not three numbers ({error}); export it again") from error
    return np.array(corners, np.float64).reshape(-1, 3), ended

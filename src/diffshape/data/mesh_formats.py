"""Mesh files as vertices and polygons: PLY, OBJ, OFF, STL and, through trimesh, GLB.

Only geometry is read: vertices, their normals (of PLY alone), and polygons. Textures, materials and other files are
never opened. Each reader raises :class:`ReadError` for what it cannot read whole.
"""

import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.ply import Columns, Lists, read_ply


class Polygons(NamedTuple):
    """Vertices (V, 3), the corner count of each polygon, all corners end to end, and normals (V, 3) or None."""

    vertices: NDArray[np.float64]
    counts: NDArray[np.int64]
    corners: NDArray[np.int64]
    normals: NDArray[np.float64] | None = None

    def triangles(self) -> NDArray[np.int64]:
        """Each polygon as a fan around its first corner, (F, 3); right for convex ones. Under 3 corners give none."""
        pieces = np.maximum(self.counts - 2, 0)
        polygon = np.repeat(np.arange(len(self.counts)), pieces)
        step = np.arange(len(polygon)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        first = (np.cumsum(self.counts) - self.counts)[polygon]
        return self.corners[np.stack([first, first + step + 1, first + step + 2], axis=1)]


def read_ply_mesh(path: Path) -> Polygons:
    """The ``vertex`` and ``face`` elements of a PLY file."""
    elements = read_ply(path)
    vertex = elements.get("vertex", {})
    if not {"x", "y", "z"} <= vertex.keys():
        raise ReadError(f"{path}: a PLY file without x, y and z of vertices holds no points")
    if "tristrips" in elements:
        raise ReadError(f"{path}: its faces are triangle strips, which are not read; save it again with plain faces")
    face = elements.get("face", {})
    lists = face.get("vertex_indices", face.get("vertex_index", Lists(np.empty(0, np.int64), np.empty(0, np.int64))))
    if not isinstance(lists, Lists):
        raise ReadError(f"{path}: the vertex indices of its faces are no lists; export it again")
    normals = _stacked(vertex, "nx", "ny", "nz") if {"nx", "ny", "nz"} <= vertex.keys() else None
    return Polygons(_stacked(vertex, "x", "y", "z"), lists.counts, lists.values.astype(np.int64), normals)


def read_obj(path: Path) -> Polygons:
    """The ``v`` and ``f`` lines of an OBJ file, all groups as one mesh; corners may be ``3/1/2`` or ``-1``."""
    vertices, faces = [], []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            word, *rest = line.split() or ["#"]
            try:
                if word == "v":
                    x, y, z, *_ = map(float, rest)
                    vertices.append((x, y, z))
                elif word == "f":
                    corners = [int(corner.partition("/")[0]) for corner in rest]
                    faces.append([corner - 1 if corner > 0 else len(vertices) + corner for corner in corners])
            except ValueError as error:
                raise ReadError(f"{path}: line {number} is not readable: {line.strip()[:60]!r}") from error
    return _polygons(path, vertices, faces)


def read_off(path: Path) -> Polygons:
    """OFF, COFF, NOFF: of each vertex row the first three numbers, then one polygon a row; what follows is colour."""
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8", errors="replace"))
    head, _, rest = text.lstrip().partition("OFF")
    rows = [line.split() for line in rest.splitlines() if line.strip()]
    try:
        if len(head) > 4 or "\n" in head:
            raise ValueError("the first word is not OFF")
        vertex_number, face_number = map(int, rows[0][:2])
        vertices = [tuple(map(float, row[:3])) for row in rows[1 : 1 + vertex_number]]
        faces = [_off_corners(row) for row in rows[1 + vertex_number : 1 + vertex_number + face_number]]
        if len(vertices) < vertex_number or len(faces) < face_number:
            raise ValueError(f"{vertex_number} vertices and {face_number} faces promised, the file ends before")
    except (ValueError, IndexError) as error:
        raise ReadError(f"{path}: not a readable OFF file ({error}); export it again") from error
    return _polygons(path, vertices, faces)


def _off_corners(row: list[str]) -> list[int]:
    number = int(row[0])
    corners = [int(word) for word in row[1 : 1 + number]]
    if len(corners) < number:
        raise ValueError(f"a face of {number} corners names only {len(corners)}")
    return corners


def read_stl(path: Path) -> Polygons:
    """STL, binary or text; coincident corners become one vertex."""
    data = path.read_bytes()
    number = int.from_bytes(data[80:84], "little")
    if len(data) >= 84 and len(data) == 84 + 50 * number:
        rows = np.frombuffer(data, [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")], number, 84)
        corners = rows["corners"].reshape(-1, 3)
    elif data.lstrip().startswith(b"solid") and b"endsolid" in data:
        numbers = re.findall(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", data)
        if len(numbers) != 3 * len(re.findall(rb"endfacet", data)):
            raise ReadError(f"{path}: an STL facet without three corners; export it again")
        try:
            corners = np.array(numbers, dtype="S").astype(np.float64).reshape(-1, 3)
        except ValueError as error:
            raise ReadError(f"{path}: not a readable STL file ({error}); export it again") from error
    else:
        raise ReadError(f"{path}: not a whole STL file; it is cut short or of another format")
    return _merged(np.asarray(corners, np.float64), np.arange(len(corners)).reshape(-1, 3))


def read_glb(path: Path) -> Polygons:
    """All meshes of a binary glTF scene in their places; coincident vertices (of seams and creases) are merged."""
    import trimesh  # a second to import, and only this format needs it

    try:
        mesh: Any = trimesh.load(io.BytesIO(path.read_bytes()), file_type="glb", force="mesh", process=False)
        return _merged(np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64))
    except (ValueError, LookupError, TypeError, AttributeError, NotImplementedError, ImportError) as error:
        # ImportError: trimesh wants a package to guess the encoding of text that is none
        raise ReadError(f"{path}: not a readable GLB file ({error}); export it again") from error


def _polygons(path: Path, vertices: list[tuple[float, ...]], faces: list[list[int]]) -> Polygons:
    if any(len(vertex) != 3 for vertex in vertices):
        raise ReadError(f"{path}: a vertex without three coordinates; export it again")
    counts = np.array([len(face) for face in faces], np.int64)
    corners = np.array([corner for face in faces for corner in face], np.int64)
    return Polygons(np.array(vertices, np.float64).reshape(-1, 3), counts, corners)


def _stacked(columns: Columns, *names: str) -> NDArray[np.float64]:
    return np.stack([np.asarray(columns[name], np.float64) for name in names], axis=1)


def _merged(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> Polygons:
    """Coincident vertices made one, in order of their coordinates."""
    order = np.lexsort(vertices.T)
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(vertices[order], axis=0) != 0).any(axis=1)
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    return Polygons(vertices[order][new], np.full(len(faces), 3), place[faces].reshape(-1))

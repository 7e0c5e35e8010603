"""The geometry of Wavefront OBJ files: ``v``, ``vn`` and ``f`` lines.

Source: "Object Files (.obj)", appendix B1 of the Advanced Visualizer manual, Wavefront Technologies, 1992. Colours
behind the coordinates of a vertex are an extension that many programs write.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.arrays import ReadError
from diffshape.data.attributes import Attributes, color_bytes
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.meshes.text import number, read_text, whole_number

_PAINT = {"vt", "usemtl", "mtllib"}
_CURVED = {"curv", "surf"}


def read_obj(path: Path) -> Polygons:
    """The ``v`` and ``f`` lines of an OBJ file, all groups as one mesh; corners may be ``3/1/2`` or ``-1``.

    Normals are read where there is one a vertex and faces use them so.
    """
    rows, faces, normals, seen = [], [], [], set()
    own_normals = True
    for line_number, line in _lines(read_text(path)):
        word, *rest = line.split() or ["#"]
        try:
            if word == "v":
                rows.append(_coordinates(rest))
            elif word == "vn":
                normals.append([number(each) for each in rest[:3]])
            elif word == "f":
                corners = [_corner(each, len(rows)) for each in rest]
                faces.append(corners)
                own_normals = own_normals and all(_has_own_normal(each, corners[i]) for i, each in enumerate(rest))
            else:
                seen.add(word)
        except ValueError as error:
            told = f"{path}: line {line_number} is not readable: {line.strip()[:60]!r}"
            raise ReadError(f"{told}; {error}" if str(error).startswith("a face") else told) from error
    points, attributes, notes = _columns(rows)
    if seen & _PAINT:
        notes.append("Texture coordinates and materials are not read.")
    if seen & _CURVED:
        notes.append("Curves and free-form surfaces are not read.")
    complete = own_normals and len(normals) == len(rows) > 0 and all(len(each) == 3 for each in normals)
    return Polygons(
        points,
        np.array([len(face) for face in faces], np.int64),
        np.array([corner for face in faces for corner in face], np.int64),
        np.array(normals, np.float64) if complete else None,
        attributes,
        tuple(notes),
    )


def write_obj(
    path: Path, vertices: NDArray[Any], faces: NDArray[Any], normals: NDArray[Any] | None, attributes: Attributes
) -> None:
    """Vertices to the last bit of their type, with colours from 0 to 1 behind them, normals, and triangles."""
    digits = "%.9g" if vertices.dtype == np.float32 else "%.17g"
    row, table = f"v {digits} {digits} {digits}", vertices
    if "colors" in attributes:
        colors = attributes["colors"] / 255.0
        row, table = row + " %.6g" * colors.shape[1], np.hstack([vertices, colors])
    with path.open("w", encoding="ascii") as file:
        np.savetxt(file, table, row)
        corner, corners = "%d", faces + 1
        if normals is not None:
            np.savetxt(file, normals, f"vn {digits} {digits} {digits}")
            corner, corners = "%d//%d", np.repeat(faces + 1, 2, axis=1)
        np.savetxt(file, corners, f"f {corner} {corner} {corner}")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines without comments, and the number of each; one that ends with a backslash goes on in the next."""
    parts: list[str] = []
    for line_number, line in enumerate(text.splitlines(), 1):
        plain, mark, _ = line.partition("#")
        if not mark and plain.rstrip().endswith("\\"):
            parts.append(plain.rstrip()[:-1])
        else:
            yield line_number, " ".join([*parts, plain])
            parts = []
    if parts:
        yield text.count("\n") + 1, " ".join(parts)


def _coordinates(words: list[str]) -> tuple[float, ...]:
    """The numbers of a vertex: three coordinates, and a colour if three or four follow."""
    if len(words) < 3:
        raise ValueError("a vertex has three coordinates")
    return tuple(map(number, words))


def _corner(word: str, vertices: int) -> int:
    """The vertex that a corner names, counted from 0; negative ones count back from the last vertex so far."""
    named = whole_number(word.partition("/")[0])
    if named == 0 or named < -vertices:
        raise ValueError(f"a face names vertex {named} of {vertices}; OBJ counts from 1, or back from -1")
    return named - 1 if named > 0 else vertices + named


def _has_own_normal(word: str, vertex: int) -> bool:
    *_, normal = word.split("/")
    return word.count("/") < 2 or normal == str(vertex + 1)


def _columns(rows: list[tuple[float, ...]]) -> tuple[NDArray[np.float64], Attributes, list[str]]:
    """Coordinates, colours if all vertices have them, and a note if only some have."""
    points = np.array([row[:3] for row in rows], np.float64).reshape(-1, 3)
    widths = {len(row) for row in rows}
    if len(widths) == 1 and widths <= {6, 7}:
        colors = color_bytes(np.array([row[3:] for row in rows], np.float64))
        if colors is not None:
            return points, {"colors": colors}, []
    more = max(widths, default=3) > 4  # a fourth number is a weight, which only curves use
    return points, {}, ["What follows the coordinates of some vertices is not read."] if more else []

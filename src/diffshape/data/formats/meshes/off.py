"""The OFF format of Geomview: counts, vertices, polygons, in plain text.

Source: "OFF Files", the Geomview manual, The Geometry Center, University of Minnesota, 1996.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.data.attributes import Attributes, color_bytes
from diffshape.data.formats.meshes.polygons import Polygons
from diffshape.data.formats.meshes.text import number, read_text, whole_number
from diffshape.data.formats.refusals import refusals


def read_off(path: Path) -> Polygons:
    """OFF, COFF, NOFF, CNOFF in large or small letters or without the word: a vertex a row, then a polygon a row.

    Colours and normals of vertices are read where the word announces them; colours of faces are not.
    """
    text = re.sub(r"#.*", "", read_text(path)).lstrip()
    word = re.match(r"[A-Za-z4]*?off(?![A-Za-z])", text, re.IGNORECASE)
    kind = word[0] if word else "OFF"
    rows = [line.split() for line in text[len(word[0]) if word else 0 :].splitlines() if line.strip()]
    with refusals(path, "OFF file"):
        letters = _announced(kind, rows)
        vertex_number, face_number = (whole_number(each) for each in [*rows[0], ""][:2])
        if min(vertex_number, face_number) < 0 or vertex_number + face_number > len(rows) - 1:
            raise ValueError(f"{vertex_number} vertices and {face_number} faces promised, the file ends before")
        table = [[number(each) for each in row] for row in rows[1 : 1 + vertex_number]]
        faces = rows[1 + vertex_number : 1 + vertex_number + face_number]
        corners = [_corners(row) for row in faces]
        if any(len(row) < 3 for row in table):
            raise ValueError("a vertex without three coordinates")
    points = np.array([row[:3] for row in table], np.float64).reshape(-1, 3)
    normals, attributes, notes = _beside(table, letters)
    if any(len(row) > 1 + len(each) for row, each in zip(faces, corners)):
        notes.append("Colours of faces are not read.")
    counts = np.array([len(each) for each in corners], np.int64)
    flat = np.array([corner for each in corners for corner in each], np.int64)
    return Polygons(points, counts, flat, normals, attributes, tuple(notes))


def write_off(path: Path, vertices: NDArray[Any], faces: NDArray[Any], attributes: Attributes) -> None:
    """OFF, or COFF with colours from 0 to 255; vertices to the last bit of their type."""
    digits = "%.9g" if vertices.dtype == np.float32 else "%.17g"
    row, table = f"{digits} {digits} {digits}", vertices
    if "colors" in attributes:
        colors = attributes["colors"]
        row, table = row + " %d" * colors.shape[1], np.hstack([vertices, colors])
    with path.open("w", encoding="ascii") as file:
        file.write(f"{'COFF' if attributes else 'OFF'}\n{len(vertices)} {len(faces)} 0\n")
        np.savetxt(file, table, row)
        np.savetxt(file, faces, "3 %d %d %d")


def _announced(kind: str, rows: list[list[str]]) -> str:
    """The letters before OFF, which announce texture (ST), colour (C) and normal (N) of a vertex."""
    letters = kind[:-3]
    if not rows:
        raise ValueError("it does not begin with counts")
    if "4" in letters or ("n" in letters and kind.endswith("OFF")):
        raise ValueError(f"{kind} has vertices of other than three coordinates, which are not read")
    if rows[0][:1] == ["BINARY"]:
        raise ValueError("it is binary OFF, which is not read")
    if letters.upper() not in ("", "C", "N", "CN", "ST", "STC", "STN", "STCN"):
        raise ValueError("the first word is not OFF")
    return letters.upper()


def _corners(row: list[str]) -> list[int]:
    count = whole_number(row[0])
    corners = [whole_number(word) for word in row[1 : 1 + max(count, 0)]]
    if len(corners) != count:
        raise ValueError(f"a face of {count} corners names {len(corners)}")
    return corners


def _beside(table: list[list[float]], letters: str) -> tuple[NDArray[np.float64] | None, Attributes, list[str]]:
    """Normals and colours that the first word announces, in this order behind the coordinates."""
    widths, normals = {len(row) for row in table}, None
    width = widths.pop() if len(widths) == 1 else 0
    used = 3
    if "N" in letters and width >= 6:
        normals, used = np.array([row[3:6] for row in table], np.float64), 6
    channels = width - used - (2 if letters.startswith("ST") else 0)
    if "C" in letters and channels in (3, 4):
        colors = color_bytes(np.array([row[used : used + channels] for row in table], np.float64))
        if colors is not None:
            attributes: Attributes = {"colors": colors}
            return normals, attributes, []
    more = bool(widths) or width > used
    return normals, {}, ["What follows the coordinates of vertices is not read."] if more else []

"""Writers of point clouds: PLY, PCD, text, NPY and NPZ. Text has the fewest digits that read back the same number."""

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.content import Content, Holds, by_name, fields
from diffshape.data.formats.ply.elements import write_ply
from diffshape.data.formats.scanners.pcd import write_pcd

_Array = NDArray[Any]
_CHUNK = 20_000  # rows that are text at a time


def write_ply_content(path: Path, content: Content) -> None:
    """Binary PLY of points or a mesh, with all their columns."""
    faces = {"face": {"vertex_indices": content.faces.astype(np.int32)}} if len(content.faces) else {}
    write_ply(path, {"vertex": fields(content.columns()), **faces})


def _write_pcd(path: Path, content: Content) -> None:
    colors = content.attributes.get("colors")
    rest = {name: column for name, column in content.attributes.items() if name != "colors"}
    columns = content._replace(attributes=rest).columns()
    names = {"nx": "normal_x", "ny": "normal_y", "nz": "normal_z"}
    named = fields(by_name((names.get(name, name), column) for name, column in columns.items()))
    if colors is not None:
        octets = np.full((len(colors), 4), 255, np.uint8)
        octets[:, [2, 1, 0, 3][: colors.shape[1]]] = colors
        name = "rgba" if colors.shape[1] == 4 else "rgb"
        named = by_name([*named.items(), (name, octets.view("<u4")[:, 0])])
    write_pcd(path, named)


def _write_csv(path: Path, content: Content) -> None:
    columns = content.columns()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(_quoted(name) for name in columns) + "\n")
        _write_rows(file, list(columns.values()), ",")


def _write_text(path: Path, content: Content) -> None:
    columns = content.columns()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if content.attributes:
            file.write("# " + " ".join("_".join(name.split()) for name in columns) + "\n")
        _write_rows(file, list(columns.values()), " ")


def _write_xyzn(path: Path, content: Content) -> None:
    if content.normals is None:
        raise ValueError(".xyzn files are points and normals; give normals, or write .xyz")
    _write_text(path, content)


def _write_xyzrgb(path: Path, content: Content) -> None:
    colors = content.attributes.get("colors")
    if colors is None:
        raise ValueError(".xyzrgb files are points and colours; give attributes with colors, or write .xyz")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        _write_rows(file, [*content.points.T, *(colors[:, :3] / 255.0).T], " ")


def _write_npy(path: Path, content: Content) -> None:
    table = content.points if content.normals is None else np.hstack([content.points, content.normals])
    np.save(path, table, allow_pickle=False)


def _write_npz(path: Path, content: Content) -> None:
    normals = [] if content.normals is None else [("normals", content.normals)]
    arrays = by_name([("points", content.points), *normals, *content.attributes.items()])
    if "file" in arrays:
        raise ValueError("NumPy writes no array that is called 'file'; rename that attribute")
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


WRITERS: dict[str, Callable[[Path, Content], None]] = {
    ".ply": write_ply_content,
    ".xyz": _write_text,
    ".txt": _write_text,
    ".csv": _write_csv,
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".pcd": _write_pcd,
    ".xyzn": _write_xyzn,
    ".xyzrgb": _write_xyzrgb,
}
"""Writer of each suffix."""
ALL = Holds(True, None)
HOLDS = dict.fromkeys(WRITERS, ALL) | {
    ".npy": Holds(True, ()),
    ".xyzn": Holds(True, ()),
    ".xyzrgb": Holds(False, ("colors",)),
}
"""Normals and attributes that files of each suffix hold."""


def _write_rows(file: TextIO, columns: Sequence[_Array], separator: str) -> None:
    """Rows of numbers: integers as they are, floats in the fewest digits that give the same bits again."""
    for start in range(0, len(columns[0]), _CHUNK):
        words = [_words(column[start : start + _CHUNK]) for column in columns]
        file.writelines(chain.from_iterable((separator.join(row), "\n") for row in zip(*words)))


def _words(column: _Array) -> list[str]:
    if column.dtype.kind != "f":
        return [str(int(number)) for number in column]
    numbers = column.tolist() if column.dtype.itemsize == 8 else column  # float32 as NumPy writes it, in its own digits
    return [str(number).removesuffix(".0") for number in numbers]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', "'") + '"' if any(mark in name for mark in ',;"\n') else name

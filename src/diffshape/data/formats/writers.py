"""Clouds as files: PLY, PCD, text, NPY and NPZ. Text holds the fewest digits of a number that read back the same."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from diffshape.data.formats.pcd import write_pcd
from diffshape.data.ply import write_ply

_Array = NDArray[Any]
_CHUNK = 20_000  # rows that are text at a time
_COLORS = ("red", "green", "blue", "alpha")


class Content(NamedTuple):
    """What is written: points (N, 3), normals (N, 3) or None, and attributes of N rows, of one or two dimensions."""

    points: _Array
    normals: _Array | None
    attributes: Mapping[str, _Array]

    def columns(self) -> dict[str, _Array]:
        """All columns by name, each (N,): x, y, z, nx, ny, nz, red, green, blue, and the others.

        Raises:
            ValueError: An attribute has the name of another column.
        """
        pairs: list[tuple[str, _Array]] = []
        pairs.extend(zip(("x", "y", "z"), self.points.T))
        pairs.extend(() if self.normals is None else zip(("nx", "ny", "nz"), self.normals.T))
        for name, column in self.attributes.items():
            if column.ndim == 1:
                pairs.append((name, column))
            else:
                parts = _COLORS if name == "colors" else [f"{name}_{place}" for place in range(column.shape[1])]
                pairs.extend(zip(parts, column.T))
        return _by_name(pairs)


def _by_name(pairs: Iterable[tuple[str, _Array]]) -> dict[str, _Array]:
    columns: dict[str, _Array] = {}
    for name, column in pairs:
        if name in columns:
            raise ValueError(f"write_points: two columns would be called {name!r}; rename one of the attributes")
        columns[name] = column
    return columns


def _fields(columns: Mapping[str, _Array]) -> dict[str, _Array]:
    """Columns with names of ASCII without spaces, and in types that PLY and PCD have."""
    return _by_name((re.sub(r"[^!-~]+", "_", name), _plain_kind(column)) for name, column in columns.items())


def _write_ply(path: Path, content: Content) -> None:
    write_ply(path, {"vertex": _fields(content.columns())})


def _write_pcd(path: Path, content: Content) -> None:
    colors = content.attributes.get("colors")
    rest = {name: column for name, column in content.attributes.items() if name != "colors"}
    columns = content._replace(attributes=rest).columns()
    names = {"nx": "normal_x", "ny": "normal_y", "nz": "normal_z"}
    fields = _fields(_by_name((names.get(name, name), column) for name, column in columns.items()))
    if colors is not None:
        octets = np.full((len(colors), 4), 255, np.uint8)
        octets[:, [2, 1, 0, 3][: colors.shape[1]]] = colors
        name = "rgba" if colors.shape[1] == 4 else "rgb"
        fields = _by_name([*fields.items(), (name, octets.view("<u4")[:, 0])])
    write_pcd(path, fields)


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
        raise ValueError("write_points: .xyzn files are points and normals; give normals, or write .xyz")
    _write_text(path, content._replace(attributes={}))


def _write_xyzrgb(path: Path, content: Content) -> None:
    colors = content.attributes.get("colors")
    if colors is None:
        raise ValueError(
            "write_points: .xyzrgb files are points and colours; give attributes with colors, or write .xyz"
        )
    with path.open("w", encoding="utf-8", newline="\n") as file:
        _write_rows(file, [*content.points.T, *(colors[:, :3] / 255.0).T], " ")


def _write_npy(path: Path, content: Content) -> None:
    table = content.points if content.normals is None else np.hstack([content.points, content.normals])
    np.save(path, table, allow_pickle=False)


def _write_npz(path: Path, content: Content) -> None:
    normals = [] if content.normals is None else [("normals", content.normals)]
    arrays = _by_name([("points", content.points), *normals, *content.attributes.items()])
    if "file" in arrays:
        raise ValueError("write_points: NumPy writes no array that is called 'file'; rename that attribute")
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


WRITERS: dict[str, Callable[[Path, Content], None]] = {
    ".ply": _write_ply,
    ".xyz": _write_text,
    ".txt": _write_text,
    ".csv": _write_csv,
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".pcd": _write_pcd,
    ".xyzn": _write_xyzn,
    ".xyzrgb": _write_xyzrgb,
}
"""The writer of each suffix."""


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


def _plain_kind(column: _Array) -> _Array:
    """A column in a type that PLY and PCD have: bytes for truth values, float64 for integers of 64 bits."""
    kinds = {"b": "u1", "f2": "f4"}
    kind = kinds.get(column.dtype.kind) or kinds.get(column.dtype.str[1:])
    if column.dtype.itemsize > 4 and column.dtype.kind in "iu":
        fits = not len(column) or (column.min() >= -(2**31) and column.max() < 2**31)
        kind = "i4" if fits else "f8"
    return column.astype(kind) if kind else column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', "'") + '"' if any(mark in name for mark in ',;"\n') else name

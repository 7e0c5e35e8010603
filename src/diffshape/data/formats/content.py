"""Content to write to a file, the part of it that a format holds, and its columns where the format is a table."""

import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[Any]
_COLORS = ("red", "green", "blue", "alpha")
_EXACT = 2**53
"""Largest integer up to which float64 holds every integer exactly."""


class Content(NamedTuple):
    """Points (N, 3), normals (N, 3) or None, attributes of N rows, of one or two dimensions, and faces (F, 3)."""

    points: _Array
    normals: _Array | None
    attributes: Mapping[str, _Array]
    faces: _Array = np.empty((0, 3), np.int64)

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
        return by_name(pairs)


class Holds(NamedTuple):
    """Whether a format holds normals, and which attributes it holds beside points and faces; None for all of them."""

    normals: bool
    attributes: Collection[str] | None


def held(content: Content, holds: Holds, path: Path, *, function: str, given: Collection[str]) -> Content:
    """The part of the content that a format holds.

    Args:
        content: All content.
        holds: Kinds of content that the format holds.
        path: The file to be written, for messages.
        function: The calling function, for messages.
        given: Names, among ``"normals"`` and the attributes, of what the caller has given explicitly.

    A warning names what came with a mesh or a cloud and is left out.

    Raises:
        ValueError: Something given explicitly would be left out.

    >>> content = Content(np.zeros((1, 3)), None, {"heat": np.zeros(1)})
    >>> held(content, Holds(True, {"colors"}), Path("a.obj"), function="write_mesh", given={"heat"})
    Traceback (most recent call last):
    ValueError: write_mesh: .obj files hold no heat; leave it out or write .ply
    """
    lost = ["normals"] if content.normals is not None and not holds.normals else []
    names = content.attributes.keys() if holds.attributes is None else holds.attributes
    lost += [name for name in content.attributes if name not in names]
    refused = [name for name in lost if name in given]
    suffix = path.suffix.lower()
    if refused:
        it = "it" if len(refused) == 1 and refused[0][-1] != "s" else "them"
        raise ValueError(f"{function}: {suffix} files hold no {', '.join(refused)}; leave {it} out or write .ply")
    if lost:
        told = f"{function}: {path.name} is written without {', '.join(lost)}, which {suffix} files do not hold"
        warnings.warn(f"{told}; .ply files do", stacklevel=3)
    return content._replace(
        normals=content.normals if holds.normals else None,
        attributes={name: column for name, column in content.attributes.items() if name in names},
    )


def by_name(pairs: Iterable[tuple[str, _Array]]) -> dict[str, _Array]:
    """Columns by name.

    Raises:
        ValueError: Two of them have one name.
    """
    columns: dict[str, _Array] = {}
    for name, column in pairs:
        if name in columns:
            raise ValueError(f"two columns would be called {name!r}; rename one of the attributes")
        columns[name] = column
    return columns


def fields(columns: Mapping[str, _Array]) -> dict[str, _Array]:
    """Columns with names of ASCII without spaces, and in types that PLY and PCD have.

    Raises:
        ValueError: Two would have one name, or a column has integers that neither 32 bits nor float64 hold.

    >>> fields({"scanner id": np.array([1, 2]), "seen": np.array([True, False])}).keys()
    dict_keys(['scanner_id', 'seen'])
    """
    return by_name(
        (re.sub(r"[^!-~]+", "_", name) or "_", _plain_kind(name, column)) for name, column in columns.items()
    )


def _plain_kind(name: str, column: _Array) -> _Array:
    """Bytes for truth values; integers of 64 bits as int32 where they fit, else as float64."""
    if column.dtype.itemsize > 4 and column.dtype.kind in "iu":
        least, largest = int(column.min(initial=0)), int(column.max(initial=0))
        if max(-least, largest) > _EXACT:
            raise ValueError(f"attribute {name!r} has integers beyond 2^53, which neither int32 nor float64 holds")
        return column.astype(np.int32 if least >= -(2**31) and largest < 2**31 else np.float64)
    kinds: dict[str, Any] = {"b1": np.uint8, "f2": np.float32, "f16": np.float64}
    kind = kinds.get(column.dtype.str[1:])
    return column if kind is None else column.astype(kind)

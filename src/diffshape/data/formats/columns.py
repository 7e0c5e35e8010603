"""Columns of a table that are points, normals and colours: by name where x, y and z are named, else by place.

Names may have units, ``X (m)``, ``y[mm]``, or say that they are coordinates, ``pos_x``, ``coord.z``, ``Points:0``.
Easting, northing and elevation (height, altitude) stand for x, y and z where those are not named. Unnamed tables begin
with x, y, z; three more columns are normals if all rows have length 1, colours if all are integers 0 to 255 or all lie
between 0 and 1. All other columns are kept as attributes.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.attributes import color_bytes

_AXES, _NORMALS = ("x", "y", "z"), ("nx", "ny", "nz")
_COLORS = (("red", "green", "blue", "alpha"), ("r", "g", "b", "a"), ("rf", "gf", "bf", "af"))
_WHERE = r"(?:coord(?:inate)?s?|pos(?:itions?)?|points?|p|center)"
_UNIT = r"(?:[umck]?m|ft|in|inch|met(?:er|re)s?)"
_AXIS_NAME = re.compile(rf"(?:{_WHERE}[\s_.:]*)?([xyz])(?:[\s_]*{_WHERE})?(?:[\s_]+{_UNIT})?")
_AXIS_NUMBER = re.compile(rf"{_WHERE}[\s_.:]*([012])")
_FAMILY = re.compile(r"(?:(.+)[\s_.:])?([xyz])(?:[\s_.:](.+))?")
_DIRECTION = re.compile(r"norm|^n[\s_.:]|vel|acc|dir|rot|quat|orient|err|std|sigma|var|size|dim|force|color|gyro|mag")
_NORMAL_NAME = re.compile(r"(?:n|norm|normals?)[\s_.:]*([xyz012])")
_SURVEY = {
    **dict.fromkeys(("easting", "eastings", "east"), "x"),
    **dict.fromkeys(("northing", "northings", "north"), "y"),
    **dict.fromkeys(("elevation", "elev", "height", "altitude", "alt"), "z"),
}
MOST_COLUMNS = 1000
"""Most columns of a table of points."""


class Table(NamedTuple):
    """Content of a file: points (N, 3), normals (N, 3) or None, attributes of N rows, notes on what is left out."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64] | None = None
    attributes: Mapping[str, NDArray[Any]] = {}
    notes: tuple[str, ...] = ()


def axis_columns(names: Sequence[str]) -> tuple[int, int, int] | None:
    """Indices of x, y and z among names of columns; None unless each is named once.

    >>> axis_columns(["Point ID", "X (m)", "Y (m)", "Z (m)"]), axis_columns(["row", "column", "value"])
    ((1, 2, 3), None)
    """
    plain = [plain_name(name) for name in names]
    for read in (_exact_axis, _axis, lambda name: _axis(name) or _SURVEY.get(name)):
        axes = [read(name) for name in plain]
        if all(axes.count(axis) == 1 for axis in _AXES):
            return axes.index("x"), axes.index("y"), axes.index("z")
    families = [each for each in _families(plain).values() if all(len(places) == 1 for places in each.values())]
    return tuple(places[0] for places in families[0].values()) if len(families) == 1 else None  # type: ignore[return-value]


def mentions_axes(names: Sequence[str]) -> bool:
    """Whether two of x, y and z stand among names of columns, in whatever way, so that these are a header.

    >>> mentions_axes(["x", "y", "value"]), mentions_axes(["left_x", "left_y"]), mentions_axes(["nx", "ny", "nz"])
    (True, True, False)
    """
    plain = [plain_name(name) for name in names]
    return any(sum(bool(places) for places in family.values()) > 1 for family in _families(plain).values())


def named_table(columns: Mapping[str, NDArray[Any]], notes: tuple[str, ...] = ()) -> Table:
    """A table of columns with names, each of shape (N,) or (N, k).

    Raises:
        ValueError: The names do not tell x, y and z, or these are no real numbers.
    """
    names = list(columns)
    places = axis_columns(names)
    if places is None:
        raise ValueError(f"no columns named x, y and z, each once; its columns are {_listed(names)}")
    axes = [names[place] for place in places]
    rest = {name: column for name, column in columns.items() if name not in axes}
    normals, rest = _taken(rest, _normal_names(rest))
    attributes = with_colors(rest)
    return Table(_stacked(columns, axes), normals, attributes, notes)


def unnamed_table(rows: NDArray[np.float64], *, names: Sequence[str] = ()) -> Table:
    """A table (N, D) of numbers, D at least 3; ``names`` of its columns, if they have any, become those of attributes.

    Raises:
        ValueError: Fewer than three columns, or a table that lies on its side.
    """
    number = rows.shape[1]
    if number < 3 or (number > 6 and len(rows) <= 3):
        raise ValueError(
            f"the points must have shape (N, 3), got {rows.shape}{'; transpose them' if len(rows) == 3 else ''}"
        )
    if number > MOST_COLUMNS:
        raise ValueError(f"{number} columns are more than the {MOST_COLUMNS} that a table of points may have")
    names = names or [f"column {place + 1}" for place in range(number)]
    names = ["colors_" if name == "colors" else name for name in names]
    normals, attributes, notes, place = None, {}, [], 3
    while place < number:
        three = rows[:, place : place + 3]
        where = f"Columns {place + 1} to {place + 3}"
        if normals is None and _are_normals(three):
            normals, place = three, place + 3
        elif "colors" not in attributes and _are_colors(three) and (colors := color_bytes(three)) is not None:
            attributes["colors"], place = colors, place + 3
            notes.append(f"{where} are taken as colours, as all lie in their range.")
        else:
            attributes[names[place]] = rows[:, place]
            place += 1
    return Table(rows[:, :3], normals, attributes, tuple(notes + _left_over(number, attributes, normals)))


def with_colors(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Columns with red, green and blue (and alpha) joined to one, ``colors``, uint8 of shape (N, 3) or (N, 4).

    Columns of these names that hold no colours stay as they are. Another column called ``colors`` becomes ``colors_``.

    >>> with_colors({"r": np.array([9]), "g": np.array([0]), "b": np.array([0]), "colors": np.array([1])}).keys()
    dict_keys(['colors', 'colors_'])
    """
    plain = {plain_name(name): name for name, each in columns.items() if each.ndim == 1 and each.dtype.kind in "fiub"}
    joined: dict[str, NDArray[Any]] = {}
    rest = dict(columns)
    for family in _COLORS:
        names = [plain[one] for one in family if one in plain]
        if not joined and set(family[:3]) <= plain.keys():
            colors = color_bytes(_stacked(columns, names, np.result_type(*(columns[name] for name in names))))
            if colors is not None:
                joined = {"colors": colors}
                rest = {name: column for name, column in columns.items() if name not in names}
    return joined | {"colors_" if name == "colors" else name: column for name, column in rest.items()}


def plain_name(name: str) -> str:
    """A name in small letters without quotes, marks of comments and units.

    >>> plain_name('"X [mm]"'), plain_name("//Y"), plain_name("scalar_z (m)")
    ('x', 'y', 'scalar_z')
    """
    bare = name.strip().strip("\"'").lstrip("/#%").strip().lower()
    return re.sub(r"\s*[(\[{<].*$", "", bare).strip(" .:_") or bare


def _families(names: Sequence[str]) -> dict[tuple[str, str], dict[str, list[int]]]:
    """Where x, y and z stand among names that share all else, ``left_x`` and ``left_y``; not those of directions."""
    families: dict[tuple[str, str], dict[str, list[int]]] = {}
    for place, name in enumerate(names):
        match = _FAMILY.fullmatch(name)
        if match and not _DIRECTION.search(name):
            family = families.setdefault((match[1] or "", match[3] or ""), {axis: [] for axis in _AXES})
            family[match[2]].append(place)
    return families


def _exact_axis(name: str) -> str | None:
    return name if name in _AXES else None


def _axis(name: str) -> str | None:
    if match := _AXIS_NAME.fullmatch(name):
        return match[1]
    match = _AXIS_NUMBER.fullmatch(name)
    return _AXES[int(match[1])] if match else None


def _normal_names(columns: Mapping[str, NDArray[Any]]) -> list[str]:
    """The names of nx, ny and nz among columns; none if they are not all there, each once."""
    found: dict[str, list[str]] = {axis: [] for axis in _AXES}
    for name in columns:
        if match := _NORMAL_NAME.fullmatch(plain_name(name)):
            found[_AXES["xyz012".index(match[1]) % 3]].append(name)
    return [names[0] for names in found.values()] if all(len(names) == 1 for names in found.values()) else []


def _taken(
    columns: dict[str, NDArray[Any]], names: list[str]
) -> tuple[NDArray[np.float64] | None, dict[str, NDArray[Any]]]:
    if not names:
        return None, columns
    return _stacked(columns, names), {name: column for name, column in columns.items() if name not in names}


def _stacked(columns: Mapping[str, NDArray[Any]], names: Sequence[str], kind: Any = np.float64) -> NDArray[Any]:
    for name in names:
        if columns[name].ndim != 1 or columns[name].dtype.kind not in "fiub":
            raise ValueError(f"column {name!r} holds no real numbers, one a point")
    with np.errstate(invalid="ignore", over="ignore"):  # NaNs of damaged files
        return np.stack([columns[name] for name in names], axis=1).astype(kind, copy=False)


def _are_normals(three: NDArray[np.float64]) -> bool:
    """Whether all rows of three columns are directions: of length 1, or none at all."""
    if three.shape[1] < 3:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.sqrt((three * three).sum(axis=1))
    some = length[np.isfinite(length) & (length > 0)]
    return len(some) > 0 and bool((np.abs(some - 1) < 0.1).all())


def _are_colors(three: NDArray[np.float64]) -> bool:
    """Whether all rows of three columns are integers 0 to 255, some beyond 1, or fractions between 0 and 1."""
    if three.shape[1] < 3 or not three.size or not (three >= 0).all():
        return False
    largest, whole = three.max(), bool((three == np.round(three)).all())
    return bool(1 < largest <= 255) if whole else bool(largest <= 1)


def _left_over(number: int, attributes: Mapping[str, NDArray[Any]], normals: NDArray[np.float64] | None) -> list[str]:
    if number == 6 and len(attributes) == 3:
        return ["Columns 4 to 6 are no normals, as not all have length 1, nor colours; they are kept as attributes."]
    if number > 3 and normals is None and "colors" not in attributes:
        return [f"The first 3 of {number} columns are taken as x, y and z; the others are kept as attributes."]
    return []


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "none"

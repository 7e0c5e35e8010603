"""The values of a field on planes, with lines of equal value, and the length of its gradient there."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from diffshape._arguments import checked
from diffshape._bounds import check_number, check_side
from diffshape.fields import Field
from diffshape.ops.eval_mode import eval_mode
from diffshape.ops.level_sets.sampling_grid import CHUNK
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.lettering import INK
from diffshape.report.pictures.palettes import Palette, color_bar, painted, quantity
from diffshape.report.pictures.png import write_png
from diffshape.report.pictures.ticks import round_ticks

Axis = Literal["x", "y", "z"]
_BOX = (-0.8, 0.8)
"""Cube of a scan in the unit frame, where its longest side is 1, drawn if a field has no box of its own."""
_LINES = 21
"""Largest number of lines of equal value."""


class _Slice(NamedTuple):
    """A field on a plane."""

    caption: str
    values: Float[np.ndarray, "h w"]
    slopes: Float[np.ndarray, "h w"]
    """Length of the gradient in space, not only in the plane."""


@checked
def level_set_figure(
    fields: Field | Mapping[str, Field],
    *,
    planes: Sequence[tuple[Axis, float]] = (("x", 0.0), ("y", 0.0), ("z", 0.0)),
    bounds: tuple[float, float] | None = None,
    unit: str = "",
    path: str | os.PathLike[str] | None = None,
    size: int = 216,
) -> UInt8[np.ndarray, "h w 3"]:
    """Sections through a field: above, f with lines of equal value, the zero one thick; below, |grad f|.

    A signed distance has evenly spaced lines and |grad f| = 1, which is white, everywhere but on its ridges. f is red
    inside (negative) and blue outside. A sheet that a fit made up where nothing was scanned is a thick line of its own.

    Args:
        fields: The field, such as ``FitResult.field``; in a ``fields.FramedField``, that of a fit in input coordinates.
            Or several by their captions, in one frame, to be compared.
        planes: (axis, offset) of the sections through each field, from the left: the points whose coordinate ``axis``
            is ``offset``. Of the two other axes, the first in the alphabet points to the right, the second up.
        bounds: Lowest and highest coordinate that is drawn, on both axes; None: those of the box of the first field, or
            -0.8 and 0.8, the cube of a fit of a scan.
        unit: Name of the unit of f and of the coordinates, such as "mm", which then stands on the colour bar.
        path: Where to write the figure as PNG; None does not write.
        size: Side of a section in pixels, at least 120; the field is evaluated once a pixel.

    Returns:
        The figure, uint8 sRGB, two rows of sections with a colour bar at the end of each.

    Raises:
        ValueError: There is no field or no plane, or a bound, an offset or the size is out of range.
        OSError: ``path`` cannot be written.

    >>> from diffshape.fields import FeatureGrid
    >>> level_set_figure(FeatureGrid(levels=2, radius=0.5), planes=[("z", 0.1)], size=120).shape
    (324, 240, 3)
    """
    check_side("level_set_figure: size", size, 400, 120)
    named = fields if isinstance(fields, Mapping) else {"": fields}
    if not (named and planes):
        raise ValueError("level_set_figure: fields and planes must hold one or more, got none")
    for name, each in named.items():
        if not isinstance(each, Field):
            raise ValueError(f"level_set_figure: fields[{name!r}] must be a Field, got {type(each).__name__}")
    low, high = bounds or next(iter(named.values())).box or _BOX
    check_number("level_set_figure: bounds", low)
    check_number("level_set_figure: bounds", high, low, above=True)
    for _, offset in planes:
        check_number("level_set_figure: planes", offset)
    slices = [
        _slice(name, field, axis, float(offset), low, high, size)
        for name, field in named.items()
        for axis, offset in planes
    ]
    largest = max(float(np.nanmax(np.abs(each.values), initial=0)) for each in slices) or 1.0
    steps = round_ticks(-largest, largest, most=_LINES)
    step = steps[1] - steps[0] if len(steps) > 1 else largest
    above = [(each.caption, with_lines(each.values, largest, step)) for each in slices]
    below = [("|grad f|", painted(each.slopes, 0.0, 2.0, "red-blue")) for each in slices]
    image = np.concatenate(
        [_row(above, largest, "red-blue", quantity("f", unit)), _row(below, None, "red-blue", "|grad f|")]
    )
    if path is not None:
        write_png(path, image)
    return image


def _slice(name: str, field: Field, axis: Axis, offset: float, low: float, high: float, size: int) -> _Slice:
    """The field at the middles of the pixels."""
    across = low + (np.arange(size) + 0.5) * ((high - low) / size)
    columns, rows = np.meshgrid(across, across[::-1])
    right, up = (other for other in "xyz" if other != axis)
    places = {axis: np.full_like(columns, offset), right: columns, up: rows}
    points = torch.from_numpy(np.stack([places[each] for each in "xyz"], axis=-1).reshape(-1, 3))
    points = points.to(next(field.parameters(), torch.empty(0)))
    with torch.no_grad(), eval_mode(field):
        parts = [field.value_and_gradient(part) for part in points.split(CHUNK // 4)]
    values, slopes = torch.cat([each for each, _ in parts]), torch.cat([each.norm(dim=-1) for _, each in parts])
    arrays = (each.double().cpu().numpy().reshape(size, size) for each in (values, slopes))
    return _Slice(f"{name}\n{axis} = {offset:g}".strip(), *arrays)


def with_lines(values: NDArray[np.float64], largest: float, step: float) -> UInt8[np.ndarray, "h w 3"]:
    """The values in colours, with a thin line at every multiple of ``step`` and a thick one at 0.

    A line is drawn only near pixels on both sides of it: where values jump without passing it, there is none.
    """
    picture = painted(values, -largest, largest, "red-blue").astype(np.float64)
    down, across = np.gradient(values)
    change = np.hypot(down, across) + 1e-12  # of the value from one pixel to the next
    nearest = np.round(values / step) * step
    for sides, distances, half_width, strength in (
        (np.floor(values / step), np.abs(values - nearest) / change, 0.5, 0.45),
        (values < 0, np.abs(values) / change, 1.4, 1.0),
    ):
        ink = strength * np.clip(half_width + 0.5 - distances, 0, 1)
        ink = (ink * _borders(sides, math.ceil(half_width + 0.5)))[..., None]
        picture = picture * (1 - ink) + float(INK) * ink
    return np.nan_to_num(picture).round().astype(np.uint8)


def _borders(sides: NDArray[Any], reach: int) -> NDArray[np.bool_]:
    """Whether a pixel of another side is at most ``reach`` pixels away, along both axes."""
    window = 2 * reach + 1
    return maximum_filter(sides, window, mode="nearest") != minimum_filter(sides, window, mode="nearest")


def _row(
    panels: Sequence[tuple[str, UInt8[np.ndarray, "h w 3"]]], largest: float | None, palette: Palette, title: str
) -> UInt8[np.ndarray, "h w 3"]:
    """Sections side by side, with their colour bar; None: the bar goes from 0 to 2."""
    pictures = gallery([panels])
    low, high = (0.0, 2.0) if largest is None else (-largest, largest)
    return np.concatenate([pictures, color_bar(low, high, palette, height=len(pictures), title=title)], axis=1)

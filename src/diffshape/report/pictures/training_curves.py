"""The columns of training logs as curves, run beside run."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_side
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.lettering import INK, PAPER, fitted, stamp
from diffshape.report.pictures.ticks import logarithmic_ticks, round_ticks, tick_text
from diffshape.training import read_log

_NOT_CURVES = ("step", "seconds", "lr")
"""Columns of a log that are no part of the loss."""
_COLORS = ("0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9", "000000", "8c6d31")
"""sRGB of the curves (Okabe and Ito 2008, whose colours the colour-blind tell apart, and a brown)."""
_LEFT, _BELOW, _MARGIN, _LEGEND = 58, 38, 10, 17
_FINER = 3
"""Pixels of the drawing along one of the picture."""
_PEN = [(down, across) for down in range(-2, 3) for across in range(-2, 3) if down**2 + across**2 <= 5]
"""Pixels of the drawing, around a point of the curve, that are inked."""


class _Axes(NamedTuple):
    """Ranges of both axes; of y in powers of ten."""

    left: float
    right: float
    low: float
    high: float


@checked
def training_curves(
    logs: Mapping[str, Any],
    *,
    columns: Sequence[str] | None = None,
    against: Literal["step", "seconds"] = "step",
    path: str | os.PathLike[str] | None = None,
    size: int = 320,
) -> UInt8[np.ndarray, "h w 3"]:
    """The loss and its parts along one run or several, a panel each, on a logarithmic scale that the panels share.

    Args:
        logs: Captions and logs: a log is the path of a ``log.csv``, or what ``training.read_log`` made of it.
        columns: Columns that are drawn; None: the loss and its parts. A log that has no such column has no such curve.
        against: The axis to the right: number of steps, or seconds.
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels, at least 160.

    Values that are 0, negative or not finite are left out of the curves.

    Returns:
        The panels in a row, uint8 sRGB, with the names of the curves below.

    Raises:
        FileNotFoundError: There is no such log.
        ValueError: There is no log, a file is not one, or no column that is asked for is in any of them.
        OSError: ``path`` cannot be written.

    >>> log = {"step": np.arange(1.0, 50.0), "loss": 1 / np.arange(1.0, 50.0)}
    >>> training_curves({"fit": log}, size=160).shape
    (219, 176, 3)
    """
    check_side("training_curves: size", size, 400, 160)
    read = {name: _columns(name, log, against) for name, log in logs.items()}
    wanted = list(dict.fromkeys(name for log in read.values() for name in log if name not in _NOT_CURVES))
    shown = [name for name in (wanted if columns is None else columns) if name in wanted]
    if not shown:
        raise ValueError(
            f"training_curves: columns must be some of the logs', which have {', '.join(wanted) or 'none'}, "
            f"got {list(wanted if columns is None else columns)}"
        )
    axes = _axes(read.values(), shown, against)
    panels = [(caption, _panel(log, shown, axes, against, size)) for caption, log in read.items()]
    return gallery([panels], path=path)


def _columns(name: str, log: Any, against: str) -> dict[str, NDArray[np.float64]]:
    """The columns of a log, of one length."""
    if isinstance(log, (str, os.PathLike)) and not Path(log).is_file():
        raise FileNotFoundError(f"training_curves: logs[{name!r}] is no file: {str(log)!r}")
    read = read_log(Path(log)) if isinstance(log, (str, os.PathLike)) else log
    if not isinstance(read, Mapping) or not all(np.ndim(column) == 1 for column in read.values()):
        raise ValueError(f"training_curves: logs[{name!r}] must be a file or columns of numbers by name")
    columns = {str(key): np.asarray(column, np.float64) for key, column in read.items()}
    if against not in columns or len({len(column) for column in columns.values()}) != 1:
        raise ValueError(f"training_curves: logs[{name!r}] must have columns of one length, one of them {against}")
    return columns


def _axes(logs: Any, shown: Sequence[str], against: str) -> _Axes:
    places = np.concatenate([log[against] for log in logs])
    values = np.concatenate([log[name] for log in logs for name in shown if name in log])
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (np.quantile(values, 0.01), values.max()) if len(values) else (0.1, 1.0)
    low = max(low, high * 1e-6)
    low, high = np.log10(low) - 0.1, np.log10(high) + 0.1
    return _Axes(0.0, float(places.max(initial=0.0)) or 1.0, float(low), float(high))


def _panel(
    log: Mapping[str, NDArray[np.float64]], shown: Sequence[str], axes: _Axes, against: str, size: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Curves in a frame with numbers along it, and their names below."""
    image = np.full((size + _LEGEND * -(-len(shown) // 2), size, 3), PAPER)
    top, bottom, left, right = _MARGIN, size - _BELOW, _LEFT, size - _MARGIN
    height, width = bottom - top, right - left
    for number in logarithmic_ticks(10**axes.low, 10**axes.high):
        row = round(bottom - (np.log10(number) - axes.low) / (axes.high - axes.low) * height)
        image[min(row, bottom - 1), left:right] = 225
        stamp(image, tick_text(number), row=row, column=left - 5, anchor="right")
    for number in round_ticks(axes.left, axes.right, most=3):
        column = round(left + (number - axes.left) / (axes.right - axes.left) * width)
        image[top:bottom, min(column, right - 1)] = 225
        stamp(image, tick_text(number), row=bottom + 11, column=min(column, right - 12))
    stamp(image, "s" if against == "seconds" else "step", row=bottom + 25, column=(left + right) // 2)
    for place, name in enumerate(shown):
        color = np.array(list(bytes.fromhex(_COLORS[place % len(_COLORS)])), np.uint8)
        if name in log:
            ink = _curve(log[against], log[name], axes, height, width)[..., None]
            inside = image[top:bottom, left:right]
            inside[:] = (inside * (1 - ink) + color * ink).round().astype(np.uint8)
        row, column = size + _LEGEND * (place // 2) + 4, 8 + (size // 2) * (place % 2)
        image[row - 1 : row + 2, column : column + 14] = color
        stamp(image, fitted(name, size // 2 - 28), row=row, column=column + 18, anchor="left")
    image[[top, bottom], left:right] = INK
    image[top : bottom + 1, [left, right]] = INK
    return image


def _curve(
    places: NDArray[np.float64], values: NDArray[np.float64], axes: _Axes, height: int, width: int
) -> NDArray[np.float64]:
    """Share of each pixel (height, width) that the curve covers."""
    good = np.isfinite(places) & np.isfinite(values) & (values > 0)
    x = (places[good] - axes.left) / (axes.right - axes.left) * (width - 1) * _FINER
    y = (axes.high - np.log10(values[good])) / (axes.high - axes.low) * (height - 1) * _FINER
    canvas = np.zeros((height * _FINER, width * _FINER))
    if len(x):
        lengths = np.hypot(np.diff(x), np.diff(y), dtype=np.float64)
        along = np.concatenate([[0.0], np.cumsum(lengths)])
        fine = np.linspace(0, along[-1], int(2 * along[-1]) + 2)
        rows, columns = np.interp(fine, along, y).round().astype(int), np.interp(fine, along, x).round().astype(int)
        for down, across in _PEN:
            at = rows + down, columns + across
            inside = (at[0] >= 0) & (at[0] < canvas.shape[0]) & (at[1] >= 0) & (at[1] < canvas.shape[1])
            canvas[at[0][inside], at[1][inside]] = 1
    return canvas.reshape(height, _FINER, width, _FINER).mean(axis=(1, 3))

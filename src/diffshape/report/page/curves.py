"""Numbers along a run as curves, drawn in SVG."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.report.page.html import Html, element
from diffshape.report.pictures.ticks import logarithmic_ticks, round_ticks, tick_text

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
"""Colours of the curves (Okabe and Ito 2008, whose colours the colour-blind tell apart, a brown and a grey)."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 220, 56, 10, 10, 34
"""Size of the drawing, and of the margins around its frame."""
_MOST = 300
"""Largest number of points of a curve."""


class _Axes(NamedTuple):
    """Ranges of both axes; of a logarithmic one in powers of ten."""

    end: float
    low: float
    high: float
    logarithmic: bool

    def across(self, number: float) -> float:
        """Place in the drawing of a number along the axis to the right."""
        return round(_LEFT + number / self.end * (_WIDTH - _LEFT - _RIGHT), 1)

    def down(self, place: float) -> float:
        """Place in the drawing of a number, or of its power of ten, along the axis that points up."""
        return round(_TOP + (self.high - max(place, self.low)) / (self.high - self.low) * (_HEIGHT - _TOP - _BOTTOM), 1)

    def ticks(self) -> list[tuple[float, float]]:
        """Numbers along the axis that points up, and their places on it."""
        if self.logarithmic:
            return [(number, float(np.log10(number))) for number in logarithmic_ticks(10**self.low, 10**self.high)]
        return [(place, place) for place in round_ticks(self.low, self.high)]


def curves(title: str, along: NDArray[np.floating], values: Mapping[str, NDArray[np.floating]], unit: str) -> Html:
    """Curves in one frame, on a logarithmic scale if all numbers are at least 0 and span more than a factor of 10.

    Args:
        title: Caption.
        along: Numbers (N,) along the axis to the right, from 0.
        values: Numbers (N,) of each curve by its name; those that are not finite, or are 0 on a logarithmic scale, are
            left out.
        unit: Unit of ``along``, such as "step".

    >>> "<polyline" in curves("loss", np.arange(3.0), {"loss": np.array([3.0, 2.0, 1.0])}, "step")
    True
    """
    axes = _axes(along, list(values.values()))
    colors = [_COLORS[place % len(_COLORS)] for place in range(len(values))]
    lines = [_polyline(axes, along, each, color) for each, color in zip(values.values(), colors)]
    size = f"0 0 {_WIDTH} {_HEIGHT}"
    drawing = element("svg", *_frame(axes, unit), *lines, viewBox=size, role="img", aria_label=f"{title}, by {unit}")
    key = [element("span", element("i", style=f"background:{color}"), name) for name, color in zip(values, colors)]
    return element("figure", element("figcaption", title), drawing, element("div", *key, class_="key"))


def _axes(along: NDArray[np.floating], values: Sequence[NDArray[np.floating]]) -> _Axes:
    known = np.concatenate([each[np.isfinite(each)] for each in values])
    end, positive = float(along.max(initial=0.0)) or 1.0, known[known > 0]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    least = float(np.quantile(positive, 0.01)) if len(positive) else high
    logarithmic = low >= 0 and high > 10 * least
    if logarithmic:
        low, high = float(np.log10(max(least, high * 1e-6))), float(np.log10(high))
    margin = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    return _Axes(end, low - margin, high + margin, logarithmic)


def _frame(axes: _Axes, unit: str) -> list[Html]:
    """Lines and numbers along both axes."""
    right, bottom, parts = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM, []
    for number, place in axes.ticks():
        row = axes.down(place)
        parts.append(element("line", x1=_LEFT, x2=right, y1=row, y2=row, class_="grid"))
        parts.append(element("text", tick_text(float(f"{number:.3g}")), x=_LEFT - 6, y=row, dy=4, text_anchor="end"))
    parts += [
        element("text", tick_text(number), x=axes.across(number), y=bottom + 16, text_anchor="middle")
        for number in round_ticks(0.0, axes.end, most=4)
    ]
    parts.append(element("text", unit, x=right, y=_HEIGHT - 4, text_anchor="end"))
    parts.append(element("line", x1=_LEFT, x2=right, y1=bottom, y2=bottom, class_="axis"))
    return parts


def _polyline(axes: _Axes, along: NDArray[np.floating], values: NDArray[np.floating], color: str) -> Html:
    places = np.log10(np.where(values > 0, values, np.nan)) if axes.logarithmic else values
    good = np.flatnonzero(np.isfinite(along) & np.isfinite(places))
    kept = good[np.unique(np.linspace(0, max(len(good) - 1, 0), min(len(good), _MOST)).astype(int))]
    points = " ".join(f"{axes.across(float(along[each]))},{axes.down(float(places[each]))}" for each in kept)
    return element("polyline", points=points, fill="none", stroke=color, stroke_width="1.6")

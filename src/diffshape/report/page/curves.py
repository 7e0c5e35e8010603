"""Numbers along a run as curves, drawn in SVG."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffshape.report.page.html import Html, element
from diffshape.report.pictures.ticks import decades, round_ticks, tick_text

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
"""Colours of the curves (Okabe and Ito 2008, whose colours the colour-blind tell apart, a brown and a grey)."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 360, 220, 46, 10, 10, 34
_MOST = 300
"""Largest number of points of a curve."""


def curves(title: str, along: NDArray[np.floating], values: Mapping[str, NDArray[np.floating]], unit: str) -> Html:
    """Curves in one frame, on a logarithmic scale if one of them spans more than a factor of 10.

    Args:
        title: Caption.
        along: Numbers (N,) along the axis to the right.
        values: Numbers (N,) of each curve by its name; those that are not finite, or not positive on a logarithmic
            scale, are left out.
        unit: Unit of ``along``, such as "step".

    >>> "<polyline" in curves("loss", np.arange(3.0), {"loss": np.array([3.0, 2.0, 1.0])}, "step")
    True
    """
    known = np.concatenate([each[np.isfinite(each)] for each in values.values()] or [np.zeros(0)])
    positive = known[known > 0]
    logarithmic = len(positive) > 0 and positive.max() > 10 * np.quantile(positive, 0.01)
    if logarithmic:
        low, high = (
            float(np.log10(each)) for each in (max(np.quantile(positive, 0.01), positive.max() * 1e-6), positive.max())
        )
    else:
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    margin = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    low, high, end = low - margin, high + margin, float(along.max(initial=0.0)) or 1.0
    numbers = [(number, np.log10(number)) for number in decades(10**low, 10**high)] if logarithmic else []
    if len(numbers) < 2:
        logarithmic_ticks = round_ticks(low, high, most=5)
        numbers = [(10**each if logarithmic else each, each) for each in logarithmic_ticks]
    down = {place: _down(place, low, high) for _, place in numbers}
    lines = [
        part
        for number, place in numbers
        for part in (
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=down[place], y2=down[place], class_="grid"),
            element("text", tick_text(float(f"{number:.3g}")), x=_LEFT - 6, y=down[place], dy=4, text_anchor="end"),
        )
    ]
    for number in round_ticks(0.0, end, most=4):
        right = _across(number, end)
        lines.append(element("text", tick_text(number), x=right, y=_HEIGHT - _BOTTOM + 16, text_anchor="middle"))
    lines.append(element("text", unit, x=_WIDTH - _RIGHT, y=_HEIGHT - 4, text_anchor="end"))
    bottom = _HEIGHT - _BOTTOM
    lines.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=bottom, y2=bottom, class_="axis"))
    for color, each in zip(_colors(values), values.values()):
        shown = np.log10(np.where(each > 0, each, np.nan)) if logarithmic else each
        lines.append(_polyline(along, shown, low, high, end, color))
    drawing = element("svg", *lines, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=f"{title}, by {unit}")
    key = [
        element("span", element("i", style=f"background:{color}"), name) for color, name in zip(_colors(values), values)
    ]
    return element("figure", element("figcaption", title), drawing, element("div", *key, class_="key"))


def _colors(values: Mapping[str, object]) -> Sequence[str]:
    return [_COLORS[place % len(_COLORS)] for place in range(len(values))]


def _across(number: float, end: float) -> float:
    return round(_LEFT + number / end * (_WIDTH - _LEFT - _RIGHT), 1)


def _down(place: float, low: float, high: float) -> float:
    return round(_TOP + (high - place) / (high - low) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _polyline(
    along: NDArray[np.floating], shown: NDArray[np.floating], low: float, high: float, end: float, color: str
) -> Html:
    good = np.flatnonzero(np.isfinite(along) & np.isfinite(shown))
    kept = good[np.unique(np.linspace(0, len(good) - 1, min(len(good), _MOST)).astype(int))] if len(good) else good
    places = [f"{_across(along[each], end)},{_down(max(float(shown[each]), low), low, high)}" for each in kept]
    return element("polyline", points=" ".join(places), fill="none", stroke=color, stroke_width="1.6")

"""The scale of a colouring as HTML, for the panel of the viewer."""

import numpy as np

from diffshape.report.page.html import element
from diffshape.report.pictures.palettes import painted
from diffshape.report.pictures.ticks import round_ticks, tick_text
from diffshape.report.scene.layers import Coloring

_STOPS = 9
"""Number of colours between which the browser mixes."""


def color_scale(scale: Coloring) -> str:
    """A bar of colours with numbers under it.

    >>> bar = color_scale(Coloring(np.zeros(1), 0.0, 1.0, "mm"))
    >>> "0.5" in bar, "mm" in bar, bar.count("rgb(")
    (True, True, 9)
    """
    colors = painted(np.linspace(scale.low, scale.high, _STOPS), scale.low, scale.high, scale.palette)
    stops = ", ".join(f"rgb({red}, {green}, {blue})" for red, green, blue in colors.tolist())
    bar = element("div", style=f"height:12px;border-radius:3px;background:linear-gradient(to right, {stops})")
    numbers = [
        element(
            "span",
            tick_text(number),
            style=f"position:absolute;left:{_share(number, scale):.1%};transform:translateX({_shift(number, scale)})",
        )
        for number in round_ticks(scale.low, scale.high, most=5)
    ]
    unit = element("span", scale.unit, style="position:absolute;right:0;top:1.3em") if scale.unit else None
    under = element("div", *numbers, unit, style=f"position:relative;height:{2.6 if unit else 1.4}em")
    return str(element("div", bar, under, style="margin:0 1em 0.4em;font-size:0.8em"))


def _share(number: float, scale: Coloring) -> float:
    return (number - scale.low) / (scale.high - scale.low)


def _shift(number: float, scale: Coloring) -> str:
    """Numbers at the ends stay within the bar."""
    share = _share(number, scale)
    return "0" if share < 0.06 else "-100%" if share > 0.94 else "-50%"

"""Attributes of points and vertices as colours."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.report.distances import largest_shown
from diffshape.report.scene.layers import Coloring

_FRACTIONS = ("confidence",)
"""Attributes whose scale goes from 0 to 1 whatever their values are."""


def distance_coloring(distances: NDArray[np.floating], largest: float | None = None) -> Coloring:
    """Distances on a scale from 0 to ``largest``, or to that within which 99 % of them lie."""
    return Coloring(distances, 0.0, largest or largest_shown([distances]), palette="yellow-red")


def colorings_of(attributes: Mapping[str, NDArray[Any]]) -> dict[str, Coloring]:
    """A colouring for each attribute that is one finite number or NaN a row, from its 1st to its 99th hundredth.

    >>> list(colorings_of({"confidence": np.ones(4), "colors": np.ones((4, 3)), "label": np.arange(4)}))
    ['confidence', 'label']
    """
    columns = {name: values for name, values in attributes.items() if values.ndim == 1 and values.dtype.kind in "fiub"}
    return {name: _scaled(name, values.astype(np.float64)) for name, values in columns.items() if len(values)}


def own_colors(attributes: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8] | None:
    """The colours (N, 3) among the attributes; None if there are none."""
    return attributes["colors"][:, :3] if "colors" in attributes else None


def _scaled(name: str, values: NDArray[np.float64]) -> Coloring:
    known = values[np.isfinite(values)]
    if name in _FRACTIONS or not len(known):
        return Coloring(values, 0.0, 1.0)
    low, high = (float(each) for each in np.quantile(known, (0.01, 0.99)))
    return Coloring(values, low, high if high > low else low + 1.0)

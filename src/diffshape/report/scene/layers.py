"""Layers of points and surfaces, with numbers to colour them by. Nothing here knows how they are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffshape._reprs import one_line
from diffshape.data.up import UP, Up
from diffshape.report.pictures.palettes import Palette


@dataclass(frozen=True, eq=False)
class Coloring:
    """A number for each vertex or point, and the scale of colours that shows it."""

    values: NDArray[np.floating]
    """Numbers, (N,); NaN where one is not known."""
    low: float
    """Number at the first colour."""
    high: float
    """Number at the last colour; larger than ``low``."""
    unit: str = ""
    """Unit of the numbers, such as "mm"; empty if they have none or it is not known."""
    palette: Palette = "viridis"
    """Scale of colours."""

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class Points:
    """A cloud of points."""

    name: str
    """Caption of the layer."""
    points: NDArray[np.floating]
    """Coordinates, (N, 3)."""
    colors: NDArray[np.uint8] | None = None
    """Colours of the points' own, (N, 3), sRGB; None if they have none."""
    colorings: Mapping[str, Coloring] = field(default_factory=dict)
    """Numbers of the points, by caption."""
    shown: bool = True
    """Whether the layer is visible at first."""

    __repr__ = one_line


@dataclass(frozen=True, eq=False)
class Surface:
    """A triangle mesh."""

    name: str
    """Caption of the layer."""
    vertices: NDArray[np.floating]
    """Coordinates, (V, 3)."""
    faces: NDArray[np.integer]
    """Vertices of each triangle, (F, 3), counter-clockwise seen from outside."""
    colorings: Mapping[str, Coloring] = field(default_factory=dict)
    """Numbers of the vertices, by caption."""
    colors: NDArray[np.uint8] | None = None
    """Colours of the vertices' own, (V, 3), sRGB; None if they have none."""
    shown: bool = True
    """Whether the layer is visible at first."""

    __repr__ = one_line


Layer: TypeAlias = Points | Surface


@dataclass(frozen=True, eq=False)
class Scene:
    """Layers in one frame of coordinates.

    >>> scene = Scene([Points("scan", np.eye(3)), Surface("surface", np.eye(3), np.array([[0, 1, 2]]))])
    >>> [layer.name for layer in scene.layers], scene.up
    (['scan', 'surface'], 'z')
    """

    layers: Sequence[Layer]
    """Layers; the last surface is the result, if there is one."""
    along_the_way: Sequence[tuple[int, Surface]] = ()
    """Steps of a fit and the surface at each, in increasing order; each takes the place of the surface of its name."""
    up: Up = UP
    """Axis that points up."""

    __repr__ = one_line

"""What a panel chooses: which layers are shown, in which colours, and what a plane does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import UInt8

from diffshape.data.up import UP
from diffshape.report.pictures.palettes import painted
from diffshape.report.scene.layers import Coloring, Layer, Points, Scene
from diffshape.report.viewer.camera import facing_axis
from diffshape.report.viewer.plane import Plane

PLAIN, OWN = "plain", "own colours"
"""Choices of colours besides the captions of colourings: one colour a layer, and the colours of its points."""
_PLAIN_POINTS = ((206, 122, 44), (70, 130, 120), (150, 90, 150), (120, 120, 60))
_PLAIN_SURFACES = ((118, 154, 196), (160, 168, 152), (214, 162, 96), (176, 128, 176), (132, 178, 132))
"""Plain colours of the layers of a kind, sRGB, from the last layer on."""


@dataclass(frozen=True)
class Look:
    """Everything that a panel chooses."""

    shown: frozenset[str]
    """Captions of the layers that are visible."""
    surface_colors: str = PLAIN
    """Colours of surfaces: "plain", "own colours", or the caption of a colouring."""
    point_colors: str = PLAIN
    """Colours of points, likewise."""
    dot: float = 1.0
    """Width of a dot, as a multiple of that which suits the number of points."""
    plane: Plane = field(default_factory=Plane)
    """The plane of slices and cuts."""
    sliced: bool = False
    """Whether the field is drawn on the plane."""
    cut: bool = False
    """Whether surfaces end at the plane."""
    far: bool = False
    """Whether the far side is the one that stays of a surface that is cut."""
    step: int | None = None
    """Step along the way whose surface is shown; None: the result."""


def first_look(scenes: Sequence[Scene]) -> Look:
    """The look before anything is chosen: layers as their scenes show them, in own colours if there are any."""
    layers = [layer for scene in scenes for layer in scene.layers]
    points = [layer for layer in layers if isinstance(layer, Points)]
    surfaces = [layer for layer in layers if not isinstance(layer, Points)]
    own = [OWN if any(layer.colors is not None for layer in kind) else PLAIN for kind in (surfaces, points)]
    return Look(
        shown=frozenset(layer.name for layer in layers if layer.shown),
        surface_colors=own[0],
        point_colors=own[1],
        plane=Plane(facing_axis(scenes[0].up if scenes else UP)),
    )


def color_choices(layers: Sequence[Layer]) -> list[str]:
    """The colours that layers of a kind can have, each once."""
    own = [OWN] if any(layer.colors is not None for layer in layers) else []
    return list(dict.fromkeys([PLAIN, *own, *(caption for layer in layers for caption in layer.colorings)]))


def common_scales(layers: Sequence[Layer]) -> dict[str, Coloring]:
    """A colouring for each caption whose scale spans those of all layers, so that one colour is one number in all."""
    scales: dict[str, Coloring] = {}
    for layer in layers:
        for caption, each in layer.colorings.items():
            before = scales.get(caption, each)
            scales[caption] = replace(each, low=min(before.low, each.low), high=max(before.high, each.high))
    return scales


def layer_colors(layer: Layer, choice: str, scale: Coloring | None, number: int) -> UInt8[np.ndarray, "n 3"]:
    """Colours of the points or vertices of a layer, sRGB; plain ones if it does not have those that were chosen.

    Args:
        layer: The layer.
        choice: "plain", "own colours", or the caption of a colouring.
        scale: Scale of the colouring, common to all layers.
        number: Number of the layer among those of its kind, from the last one on.
    """
    if choice == OWN and layer.colors is not None:
        return layer.colors
    if choice in layer.colorings and scale is not None:
        return painted(layer.colorings[choice].values, scale.low, scale.high, scale.palette)
    isolated = isinstance(layer, Points)
    plain = _PLAIN_POINTS if isolated else _PLAIN_SURFACES
    return np.full((len(layer.points if isolated else layer.vertices), 3), plain[number % len(plain)], np.uint8)

"""A scene in a page: a picture of it, which a script replaces by one that can be turned."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffshape.report.page.html import Html, element, png_image
from diffshape.report.page.webgl.packing import Packing
from diffshape.report.pictures.palettes import painted
from diffshape.report.scene.layers import Layer, Scene, Surface
from diffshape.report.scene.thinning import thinned_scene

SCRIPTS = tuple(f"webgl/{name}.js" for name in ("unpack", "camera", "drawing", "controls", "start"))
"""Scripts of a page that has scenes, for ``document``."""
MOST_FACES, MOST_FACES_ON_THE_WAY, MOST_POINTS = 350_000, 200_000, 60_000
"""Largest number of triangles of a surface, of all surfaces along the way together, and of points of a layer."""
_HELP = (
    "Drag to turn, with Shift or two fingers to move; pinch, or click and use the wheel, to zoom. "
    "Keys: arrows turn, + and - zoom, 0 goes back."
)
_STOPS = 9


def scene_figure(scene: Scene, picture: bytes | None = None, *, alt: str = "the surface") -> Html:
    """A scene that can be turned where the browser has WebGL 2 and runs scripts, and else its picture.

    Surfaces and clouds larger than a page should hold are thinned, which a sentence below the scene says.

    Args:
        scene: Layers, of which those without a point are left out.
        picture: PNG that stands in for the scene; None: there is only a sentence.
        alt: What the scene shows, in words, for whoever does not see it.
    """
    scene = replace(scene, layers=[layer for layer in scene.layers if len(_places(layer))])
    packing = Packing()
    each = MOST_FACES_ON_THE_WAY // max(1, len(scene.along_the_way))
    scene, notes = thinned_scene(scene, points=MOST_POINTS, faces=MOST_FACES, faces_on_the_way=each)
    layers = [*scene.layers, *(layer for _, layer in scene.along_the_way)]
    colorings = [coloring for layer in layers for coloring in layer.colorings.values()]
    manifest = {
        "up": scene.up,
        "frame": _frame(scene.layers),
        "palettes": {name: _stops(name) for name in {"viridis", *(coloring.palette for coloring in colorings)}},
        "layers": [_packed(layer, packing) for layer in scene.layers],
        "steps": [{"step": step, "layer": _packed(layer, packing)} for step, layer in scene.along_the_way],
    }
    stage = element(
        "div",
        png_image(picture, alt=alt, class_="scene-picture") if picture else None,
        element("canvas", hidden=True, class_="scene-live", tabindex=0, role="img", aria_label=f"{alt}. {_HELP}"),
        element("div", hidden=True, class_="scene-bars scene-live"),
        class_="scene-stage",
    )
    caption = element(
        "figcaption",
        element("span", _HELP, hidden=True, class_="scene-live"),
        element("span", class_="scene-failure", role="status"),
        element("noscript", "A picture only: scripts, which turn the shape, are switched off."),
        *(element("p", f"{note}.") for note in notes),
    )
    return element(
        "figure",
        stage,
        element("div", hidden=True, class_="scene-controls scene-live"),
        caption,
        element("script", _json(manifest), type="application/json", class_="scene-manifest"),
        element("script", Html(packing.text()), type="text/plain", class_="scene-arrays"),
        class_="scene",
    )


def _places(layer: Layer) -> NDArray[np.floating]:
    return layer.vertices if isinstance(layer, Surface) else layer.points


def _frame(layers: Sequence[Layer]) -> dict[str, Any]:
    """Centre and radius of a ball around the surfaces, or around nearly all points if there are none."""
    surfaces = [layer.vertices for layer in layers if isinstance(layer, Surface)]
    places = np.concatenate(surfaces or [_places(layer) for layer in layers] or [np.zeros((1, 3))])
    low, high = (places.min(axis=0), places.max(axis=0)) if surfaces else np.quantile(places, (0.005, 0.995), axis=0)
    return {"center": ((low + high) / 2).tolist(), "radius": float(np.linalg.norm(high - low)) / 2 or 1.0}


def _packed(layer: Layer, packing: Packing) -> dict[str, Any]:
    places = _places(layer)
    plain: dict[str, Any] = {
        "kind": "surface" if isinstance(layer, Surface) else "points",
        "name": layer.name,
        "title": _title(layer),
        "shown": layer.shown,
        "places": packing.add_coordinates(places),
        "colorings": [{"name": name, **packing.add_coloring(each)} for name, each in layer.colorings.items()],
        "colors": None if layer.colors is None else packing.add_colors(layer.colors),
    }
    return plain | ({"faces": packing.add_faces(layer.faces)} if isinstance(layer, Surface) else {})


def _title(layer: Layer) -> str:
    count = f"{len(layer.faces):,} triangles" if isinstance(layer, Surface) else f"{len(layer.points):,} points"
    return f"{layer.name} ({count})"


def _stops(palette: Any) -> list[str]:
    """Colours at equal distances along a scale, between which those of a page are mixed linearly."""
    return ["#" + bytes(color).hex() for color in painted(np.linspace(0, 1, _STOPS), 0.0, 1.0, palette)]


def _json(plain: Any) -> Html:
    """JSON that may stand in a script element, which a "<" could end."""
    return Html(json.dumps(plain, allow_nan=False).replace("<", "\\u003c"))

"""A scene as a picture or as a film of it turning, drawn without OpenGL: what the viewer shows at first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from diffshape.report.pictures.films import check_film, write_film
from diffshape.report.pictures.palettes import color_bar, painted, quantity
from diffshape.report.pictures.png import write_png
from diffshape.report.pictures.preview import preview
from diffshape.report.pictures.turntable import SECONDS, turntable
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface


def write_picture(scene: Scene, path: Path, *, coloring: str | None = None, **view: Any) -> None:
    """Draw the layers that are shown at first: surfaces as one, and to their left the points.

    Args:
        scene: The scene.
        path: A PNG file for a picture, GIF or MP4 for a film of one turn.
        coloring: Caption of the numbers by which surfaces are coloured, with a colour bar; None, or one that a surface
            does not have: their own colours, if they all have some.
        view: Options of ``preview`` and ``turntable`` alike: ``size``, ``azimuth``, ``elevation``.

    Raises:
        ValueError: The path has another ending, or no layer is shown.
        ImportError: The path ends in ``.mp4``, and the extra ``video`` is not installed.
        OSError: ``path`` cannot be written.
    """
    is_still = path.suffix.lower() == ".png"
    if not is_still:
        check_film(path, name="write_picture: path")
    surfaces = [layer for layer in scene.layers if isinstance(layer, Surface) and layer.shown]
    clouds = [layer.points for layer in scene.layers if isinstance(layer, Points) and layer.shown]
    if not (surfaces or clouds):
        raise ValueError("write_picture: scene must have a layer that is shown, got none")
    scales = [each.colorings[coloring] for each in surfaces if coloring is not None and coloring in each.colorings]
    scale = scales[-1] if scales and len(scales) == len(surfaces) else None
    shape: Any = {"colors": _colors(surfaces, scales if scale else None), "up": scene.up, **view}
    points = np.concatenate(clouds) if clouds else None
    draw: Any = preview if is_still else turntable
    image = draw(*_joined(surfaces), points, **shape)
    image = image if surfaces or not is_still else image[:, : image.shape[0]]  # there is no surface beside the points
    if scale is not None:
        image = _with_bar(image, scale, coloring or "")
    write_png(path, image) if is_still else write_film(path, list(image), seconds=SECONDS)


def _joined(surfaces: Sequence[Surface]) -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    """Vertices and faces of all surfaces."""
    counts = np.cumsum([0, *(len(each.vertices) for each in surfaces)])
    vertices = [np.zeros((0, 3)), *(each.vertices for each in surfaces)]
    faces = [np.zeros((0, 3), np.int64), *(each.faces + first for each, first in zip(surfaces, counts))]
    return np.concatenate(vertices), np.concatenate(faces)


def _colors(surfaces: Sequence[Surface], scales: Sequence[Coloring] | None) -> UInt8[np.ndarray, "v 3"] | None:
    """Colours of all vertices: those of the last one's scale, or their own; None if there are none."""
    if scales:
        low, high, palette = scales[-1].low, scales[-1].high, scales[-1].palette
        return np.concatenate([painted(each.values, low, high, palette) for each in scales])
    own = [each.colors for each in surfaces if each.colors is not None]
    return np.concatenate(own) if own and len(own) == len(surfaces) else None


def _with_bar(image: UInt8[np.ndarray, "*n h w 3"], scale: Coloring, name: str) -> UInt8[np.ndarray, "*n h w2 3"]:
    """A picture, or all of a film, with the colour bar to the right."""
    title = quantity(name, scale.unit)
    bar = color_bar(scale.low, scale.high, scale.palette, height=image.shape[-3], title=title)
    return np.concatenate([image, np.broadcast_to(bar, (*image.shape[:-3], *bar.shape))], axis=-2)

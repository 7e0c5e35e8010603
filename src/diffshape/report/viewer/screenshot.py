"""Pictures of what a browser shows."""

from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from diffshape.report.pictures.palettes import color_bar
from diffshape.report.scene.layers import Coloring

_PATIENCE = 60.0
"""Seconds after which a browser that draws nothing, as one in the background does, is given up."""


def picture_of(client: Any, width: int, height: int, scale: Coloring | None) -> UInt8[np.ndarray, "h w 3"]:
    """What a browser shows, on white, with the scale of its colours on the right if there is one.

    Raises:
        TimeoutError: The browser does not draw it, as it is in the background.
        RuntimeError: It went away.
    """
    bar = None if scale is None else color_bar(scale.low, scale.high, scale.palette, height=height)
    room = 0 if bar is None else bar.shape[1]
    picture = flattened(client.get_render(height, width - room, transport_format="png", timeout=_PATIENCE))
    return picture if bar is None else np.concatenate([picture, bar], axis=1)


def flattened(picture: NDArray[np.uint8]) -> UInt8[np.ndarray, "h w 3"]:
    """A picture (h, w, 4) with transparency, on white.

    >>> flattened(np.array([[[0, 0, 0, 255], [9, 9, 9, 0]]], np.uint8)).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    covered = picture[..., 3:] / 255
    return (picture[..., :3] * covered + 255 * (1 - covered)).round().astype(np.uint8)

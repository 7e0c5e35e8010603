"""Pictures of a trained family of shapes: shapes between two others, and the completion of a half."""

import os
from typing import Any

import numpy as np
from jaxtyping import UInt8
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_number
from diffshape.data import DistanceSamples, as_mesh
from diffshape.data.up import UP, Up
from diffshape.models import DeepSDF
from diffshape.report.pictures.strip import shape_strip

_CAPTIONS = ("one shape", "20 %", "40 %", "60 %", "80 %", "another")


@checked
def interpolation_strip(
    model: DeepSDF,
    *,
    path: str | os.PathLike[str] | None = None,
    resolution: int = 128,
    size: int = 170,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """Six shapes on the line between the two codes of the training that are farthest apart.

    Args:
        model: A trained model.
        path: Where to write the strip as PNG; None does not write.
        resolution: Grid nodes along a side, as of ``DeepSDF.mesh``.
        size: Side of a panel in pixels.
        up: The axis that points up.
    """
    codes = model.codes
    first, last = divmod(int((codes[:, None] - codes).norm(dim=-1).argmax()), len(codes))
    between = model.interpolate(codes[first], codes[last], len(_CAPTIONS))
    shapes = [(caption, tuple(model.mesh(code, resolution))) for caption, code in zip(_CAPTIONS, between)]
    return shape_strip(shapes, path=path, up=up, size=size)


@checked
def completion_strip(
    model: DeepSDF,
    truth: Any,
    seen: DistanceSamples,
    code: Tensor,
    *,
    near: float,
    path: str | os.PathLike[str] | None = None,
    resolution: int = 128,
    size: int = 220,
    up: Up = UP,
) -> UInt8[np.ndarray, "h w 3"]:
    """Picture of a completion: the true shape, the points that were seen of it, and the shape found from them.

    Args:
        model: A trained model.
        truth: The true shape (vertices, faces).
        seen: Observed points and distances; those within ``near`` of the surface are drawn.
        code: What ``DeepSDF.infer`` made of them.
        near: A distance in input coordinates.
        path, resolution, size, up: As of :func:`interpolation_strip`.
    """
    check_number("completion_strip: near", near, 0)
    panels = [
        ("true", tuple(as_mesh(truth))),
        ("seen points", seen.points[seen.distances.abs() < float(near)]),
        ("completed", tuple(model.mesh(code, resolution))),
    ]
    return shape_strip(panels, path=path, up=up, azimuth=-65.0, elevation=35.0, size=size)

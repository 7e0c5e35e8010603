"""Images and the answers to them: what is seen, what is true, and clouds that may be behind it."""

import os

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_side
from diffshape.report.pictures.gallery import gallery
from diffshape.report.pictures.strip import shape_panels


@checked
def answer_grid(
    images: Float[Tensor, "b 1 h w"],
    answers: Float[Tensor, "b count m 3"],
    truths: Float[Tensor, "b n 3"],
    *,
    path: str | os.PathLike[str] | None = None,
    size: int = 150,
    azimuth: float = 125.0,
    elevation: float = 25.0,
) -> UInt8[np.ndarray, "h w 3"]:
    """A row for each image: the image, the true points, and the answers of ``PSGN.predict``.

    Args:
        images: Shape (B, 1, H, W); the brightest of each is drawn black, 0 white.
        answers: Shape (B, count, M, 3), y up, z towards the camera of the image.
        truths: Points of the true shapes in the same frame, shape (B, N, 3).
        path: Where to write the picture as PNG; None does not write.
        size: Side of a panel in pixels.
        azimuth, elevation: Where the camera of the clouds stands, in degrees from that of the image; by default behind
            the shape, from where one sees what the image hides.

    Raises:
        ValueError: There is no image, a shape does not fit, or a number is out of range.
        OSError: ``path`` cannot be written.

    >>> clouds = torch.rand(1, 3, 20, 3)
    >>> answer_grid(torch.rand(1, 1, 8, 8), clouds, clouds[:, 0], size=140).shape
    (182, 748, 3)
    """
    check_side("answer_grid: size", size, 1000)
    shapes = [tuple(each.shape) for each in (images, answers, truths)]
    if [len(shape) for shape in shapes] != [4, 4, 3] or not shapes[0][0] == shapes[1][0] == shapes[2][0] > 0:
        raise ValueError(
            f"answer_grid: images, answers and truths must be (B, 1, H, W), (B, count, M, 3) and (B, N, 3), one image "
            f"or more, got {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    rows = []
    for image, clouds, truth in zip(images, answers, truths):
        named = [("true", truth), *((f"answer {number}", cloud) for number, cloud in enumerate(clouds, start=1))]
        on_host = [(text, cloud.detach().cpu()) for text, cloud in named]
        panels = shape_panels(on_host, size=size, azimuth=azimuth, elevation=elevation, up="y")
        rows.append([("image", _drawn(image.detach().cpu(), size)), *panels])
    return gallery(rows, path=path)


def _drawn(image: Float[Tensor, "1 h w"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """The image in the middle of a white square, pixels as they are."""
    if len(image) != 1 or not image.numel() or not bool(image.isfinite().all()):
        raise ValueError("answer_grid: images must be of one channel and finite")
    dark = (image / image.amax().clamp(min=1e-12)).clamp(0, 1)
    height, width = (max(1, round(size * side / max(image.shape[1:]))) for side in image.shape[1:])
    scaled = torch.nn.functional.interpolate(dark[None], (height, width), mode="nearest")[0, 0]
    top, left = (size - height) // 2, (size - width) // 2
    white = np.full((size, size, 3), 255, np.uint8)
    white[top : top + height, left : left + width] = (255 * (1 - scaled)).round().byte().numpy()[..., None]
    return white

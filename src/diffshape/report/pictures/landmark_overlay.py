"""One picture of many radiographs with true landmarks (green), predicted ones (orange) and their uncertainty (blue)."""

import math
import os

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_side, check_whole
from diffshape.losses import Skeleton
from diffshape.report.pictures.png import write_png

SUPERSAMPLING = 2
TRUE, PREDICTED, UNCERTAIN = (70, 210, 110), (255, 150, 40), (90, 170, 255)
_Points = NDArray[np.float64]


@checked
def landmark_overlay(
    images: Float[Tensor, "n 1 h w"],
    landmarks: Float[Tensor, "n k 2"],
    predicted: Float[Tensor, "n k 2"],
    deviations: Float[Tensor, "n k 2"],
    skeleton: Skeleton,
    *,
    mask: Bool[Tensor, "n k"] | None = None,
    path: str | os.PathLike[str] | None = None,
    side: int = 320,
    columns: int = 4,
) -> UInt8[np.ndarray, "h w 3"]:
    """Outlines of true and predicted vertebrae over each image, and an ellipse of two deviations at each landmark.

    Args:
        images: About 0 to 1; each is shown from its 0.5 to its 99.5 percentile.
        landmarks, predicted: (x, y) in pixels of the images.
        deviations: Predicted standard deviations, in pixels of the images.
        skeleton: What the landmarks are.
        mask: True where a landmark is real; the others are not drawn.
        path: Where to write the picture as PNG; None does not write.
        side: Pixels of an image's longer side in the picture.
        columns: Images in a row.

    Returns:
        uint8 RGB, rows of images from left to right.

    Raises:
        ValueError: There is no image, or a shape does not fit.
        OSError: ``path`` cannot be written.

    >>> from diffshape.data import spine_phantoms
    >>> shown = spine_phantoms(1)
    >>> points = shown.landmarks
    >>> landmark_overlay(shown.images, points, points, torch.ones_like(points), shown.skeleton, side=64).shape
    (64, 64, 3)
    """
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(f"landmark_overlay: images must have shape (N, 1, H, W), got {tuple(images.shape)}")
    shape = (len(images), skeleton.count, 2)
    for name, given in (("landmarks", landmarks), ("predicted", predicted), ("deviations", deviations)):
        if given.shape != shape or not len(images):
            raise ValueError(f"landmark_overlay: {name} must have shape {shape} for 1 image or more, got {given.shape}")
    check_side("landmark_overlay: side", side, 200)
    check_whole("landmark_overlay: columns", columns, 1)
    if mask is not None and (mask.shape != shape[:2] or mask.dtype != torch.bool):
        raise ValueError(
            f"landmark_overlay: mask must be boolean of shape {shape[:2]}, got {mask.dtype}, {tuple(mask.shape)}"
        )
    if mask is None:
        mask = torch.ones(shape[:2], dtype=torch.bool)
    tiles = [_tile(*each, skeleton, side) for each in zip(images[:, 0], landmarks, predicted, deviations, mask)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % min(columns, len(tiles)))
    across = min(columns, len(tiles))
    rows = [np.concatenate(tiles[start : start + across], axis=1) for start in range(0, len(tiles), across)]
    picture = np.concatenate(rows)
    if path is not None:
        write_png(path, picture)
    return picture


def _tile(
    image: Tensor, true: Tensor, predicted: Tensor, deviations: Tensor, mask: Tensor, skeleton: Skeleton, side: int
) -> UInt8[np.ndarray, "h w 3"]:
    scale = side / max(image.shape)
    height, width = (max(1, round(scale * length)) for length in image.shape)
    canvas = _gray(image, (height * SUPERSAMPLING, width * SUPERSAMPLING))
    to_canvas = scale * SUPERSAMPLING
    real = mask.tolist()
    lines = [(a, b) for a, b in _outlines(skeleton) if real[a] and real[b]]
    shown = [
        ((points.double().cpu().numpy() + 0.5) * to_canvas - 0.5, color)
        for points, color in ((true, TRUE), (predicted, PREDICTED))
    ]
    for at, color in shown:
        for a, b in lines:
            _draw(canvas, _between(at[a], at[b]), color, 1.0)
    for number in np.flatnonzero(real):
        radii = 2 * deviations[number].double().cpu().numpy() * to_canvas
        _draw(canvas, _ellipse(shown[-1][0][number], radii), UNCERTAIN, 0.5)
    for at, color in shown:
        _draw(canvas, at[real], color, 3.0)
    shape = (height, SUPERSAMPLING, width, SUPERSAMPLING, 3)
    return canvas.reshape(shape).mean((1, 3)).round().astype(np.uint8)


def _outlines(skeleton: Skeleton) -> list[tuple[int, int]]:
    around = [((a, b), (b, d), (d, c), (c, a)) for a, b, c, d in skeleton.quadrilaterals]
    return [edge for four in around for edge in four] + ([skeleton.end_edge] if skeleton.end_edge else [])


def _gray(image: Tensor, size: tuple[int, int]) -> NDArray[np.uint8]:
    large = torch.nn.functional.interpolate(image[None, None].float().cpu(), size, mode="bilinear")[0, 0]
    low, high = (image.float().quantile(share).item() for share in (0.005, 0.995))
    values = ((large - low) / max(high - low, 1e-6)).clamp(0, 1).mul(255).byte().numpy()
    return np.repeat(values[..., None], 3, axis=-1)


def _between(start: _Points, end: _Points) -> _Points:
    return start + np.linspace(0, 1, _steps(float(np.abs(end - start).max())))[:, None] * (end - start)


def _ellipse(center: _Points, radii: _Points) -> _Points:
    angles = np.linspace(0, 2 * math.pi, _steps(2 * math.pi * float(radii.max())))
    return center + radii * np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _steps(length: float) -> int:
    """Number of points that draw a line without gaps: about one a pixel of its length, at most 10,000."""
    return min(math.ceil(length) + 2, 10_000) if math.isfinite(length) else 2


def _draw(canvas: NDArray[np.uint8], points: _Points, color: tuple[int, int, int], radius: float) -> None:
    """Discs at points; what lies outside the canvas is not drawn."""
    reach = math.ceil(radius)
    steps = np.arange(-reach, reach + 1)
    disc = np.array([(x, y) for x in steps for y in steps if x * x + y * y <= radius * radius])
    pixels = np.rint(points[:, None] + disc).reshape(-1, 2)
    height, width = canvas.shape[:2]
    inside = (pixels >= 0).all(-1) & (pixels[:, 0] < width) & (pixels[:, 1] < height)  # False for NaN
    x, y = pixels[inside].astype(int).T
    canvas[y, x] = color

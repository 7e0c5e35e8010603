"""One convention for landmarks in images, and the ways in and out of it.

A landmark is (x, y) in pixels, y down, with the centre of the first pixel at (0, 0): an integer is the centre of a
pixel, and an image of width W covers -1/2 <= x < W - 1/2. Rendering, decoding, losses and metrics all use it. Others:

    cell-centred     X = (2 x - (W - 1)) / W          +-1 are the outer edges; DSNT, ``grid_sample`` by default
    corner-aligned   X = 2 x / (W - 1) - 1            +-1 are the centres of the border pixels; ``align_corners=True``
    resized by s     x' = (x + 1/2) s - 1/2           s x alone is off by (s - 1) / 2 pixels
"""

from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked


@checked
def normalize_landmarks(
    landmarks: Float[Tensor, "*b 2"], size: tuple[int, int], *, align_corners: bool = False
) -> Float[Tensor, "*b 2"]:
    """Pixels to [-1, 1] on both axes.

    Args:
        landmarks: (x, y) in pixels, shape (..., 2).
        size: (H, W) of the image.
        align_corners: 2 x / (W - 1) - 1, with the centres of the border pixels at +-1, instead of
            (2 x - (W - 1)) / W, with the outer edges there.

    Returns:
        Shape (..., 2); differentiable.

    Raises:
        ValueError: A shape is wrong, or ``align_corners`` with an image one pixel wide or high.

    >>> import torch
    >>> normalize_landmarks(torch.tensor([3.0, 2.0]), (5, 5))
    tensor([0.4000, 0.0000])
    """
    extent = _extent("normalize_landmarks", landmarks, size, align_corners)
    return (2 * landmarks - (_width_height(landmarks, size) - 1)) / extent


@checked
def denormalize_landmarks(
    landmarks: Float[Tensor, "*b 2"], size: tuple[int, int], *, align_corners: bool = False
) -> Float[Tensor, "*b 2"]:
    """[-1, 1] to pixels: the inverse of ``normalize_landmarks``, with its arguments.

    >>> import torch
    >>> denormalize_landmarks(torch.tensor([0.4, 0.0]), (5, 5))
    tensor([3., 2.])
    """
    extent = _extent("denormalize_landmarks", landmarks, size, align_corners)
    return (landmarks * extent + (_width_height(landmarks, size) - 1)) / 2


@checked
def resize_landmarks(landmarks: Float[Tensor, "*b 2"], scale: float) -> Float[Tensor, "*b 2"]:
    """Where landmarks lie after their image is resized by ``scale``: from a map of stride s, ``scale`` is s.

    Args:
        landmarks: (x, y) in pixels, shape (..., 2).
        scale: New size over old size, > 0.

    Raises:
        ValueError: The shape or the scale is wrong.

    >>> import torch
    >>> resize_landmarks(torch.tensor([0.0, 10.0]), 4.0)
    tensor([ 1.5000, 41.5000])
    """
    _check("resize_landmarks", landmarks)
    if not scale > 0:
        raise ValueError(f"resize_landmarks: scale must be positive, got {scale}")
    return (landmarks + 0.5) * scale - 0.5


def _width_height(landmarks: Tensor, size: tuple[int, int]) -> Tensor:
    height, width = size
    return landmarks.new_tensor([width, height])


def _extent(function: str, landmarks: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
    """Pixels that the range from -1 to 1 covers, by axis."""
    _check(function, landmarks)
    if min(size) < 1 + align_corners:
        raise ValueError(f"{function}: size must be at least {1 + align_corners} pixels a side, got {tuple(size)}")
    return _width_height(landmarks, size) - int(align_corners)


def _check(function: str, landmarks: Tensor) -> None:
    if landmarks.shape[-1:] != (2,) or not landmarks.is_floating_point():
        raise ValueError(
            f"{function}: landmarks must be floating point, shape (..., 2), "
            f"got {landmarks.dtype}, {tuple(landmarks.shape)}"
        )

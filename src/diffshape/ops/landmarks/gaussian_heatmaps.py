"""Heat-maps of landmarks: a Gaussian of amplitude 1 about each."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import widened


@checked
def gaussian_heatmaps(
    landmarks: Float[Tensor, "*b 2"],
    size: tuple[int, int],
    *,
    sigma: float = 2.0,
    rounded: bool = False,
    mask: Bool[Tensor, "*b"] | None = None,
) -> Float[Tensor, "*b h w"]:
    """exp(-|q - p|^2 / (2 sigma^2)) at every pixel q, for every landmark p.

    Args:
        landmarks: (x, y) in pixels, the centre of the first pixel at (0, 0), shape (..., 2), usually (B, K, 2).
        size: (H, W) of the maps.
        sigma: Standard deviation in pixels, > 0. A map sums to about 2 pi sigma^2, its square to pi sigma^2.
        rounded: Centre on the nearest pixel, whose value is then exactly 1, as the "centernet" focal loss needs; else
            the centre is the landmark itself (unbiased).
        mask: True where a landmark is real, shape (...,).

    Returns:
        Shape (..., H, W), 0 to 1. All 0 for a landmark that is masked, not finite or outside the image: such channels
        should not count (``heatmap_mse(skip_empty=True)``, or a mask). Half precision comes back as float32.

    Raises:
        ValueError: A shape, the mask's dtype or ``sigma`` is wrong.

    Differentiable in ``landmarks`` unless ``rounded``. Source: Tompson et al., NeurIPS 2014; unrounded: Zhang et al.,
    CVPR 2020, section 3.2.

    >>> gaussian_heatmaps(torch.tensor([1.0, 0.0]), (2, 3), sigma=1.0)
    tensor([[0.6065, 1.0000, 0.6065],
            [0.3679, 0.6065, 0.3679]])
    """
    _check(landmarks, size, sigma, mask)
    landmarks = widened(landmarks)
    height, width = size
    x, y = landmarks.unbind(-1)
    shown = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
    if mask is not None:
        shown = shown & mask
    x, y = torch.where(shown, x, 0), torch.where(shown, y, 0)
    if rounded:
        x, y = (x + 0.5).floor(), (y + 0.5).floor()
    columns, rows = _bell(x, width, sigma), _bell(y, height, sigma)
    return torch.where(shown[..., None], rows, 0)[..., :, None] * columns[..., None, :]


def _bell(centers: Tensor, count: int, sigma: float) -> Tensor:
    """One axis (..., count) of the Gaussian, which is a product over axes."""
    pixels = torch.arange(count, dtype=centers.dtype, device=centers.device)
    return torch.exp(-((pixels - centers[..., None]) / sigma).square() / 2)


def _check(landmarks: Tensor, size: tuple[int, int], sigma: float, mask: Tensor | None) -> None:
    if landmarks.shape[-1:] != (2,) or not landmarks.is_floating_point():
        raise ValueError(
            f"gaussian_heatmaps: landmarks must be floating point, shape (..., 2), "
            f"got {landmarks.dtype}, {tuple(landmarks.shape)}"
        )
    if min(size) < 1:
        raise ValueError(f"gaussian_heatmaps: size must be (H, W), both 1 or more, got {tuple(size)}")
    if not sigma > 0:
        raise ValueError(f"gaussian_heatmaps: sigma must be positive, got {sigma}")
    if mask is not None and (mask.shape != landmarks.shape[:-1] or mask.dtype != torch.bool):
        raise ValueError(
            f"gaussian_heatmaps: mask must be boolean, shape {tuple(landmarks.shape[:-1])} like landmarks without its "
            f"last dimension, got {mask.dtype}, {tuple(mask.shape)}"
        )

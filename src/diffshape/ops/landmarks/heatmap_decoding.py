"""From heat-maps to landmarks: the highest pixel, its refinement (DARK), and the differentiable expectation.

All answer (x, y) in pixels with the centre of the first pixel at (0, 0), as ``gaussian_heatmaps`` draws them. Decode
with what was trained: maps trained through an expectation need not have their highest pixel near it.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.ops.checks import widened


@checked
def heatmap_argmax(heatmaps: Float[Tensor, "*b h w"]) -> Float[Tensor, "*b 2"]:
    """The pixel of the highest value, the first of equals; no gradient.

    Args:
        heatmaps: Values or logits, shape (..., H, W).

    Returns:
        (x, y) in pixels, shape (..., 2); up to half a pixel off on each axis; NaN for a map with NaN.

    Raises:
        ValueError: The shape is wrong.

    >>> heatmap_argmax(torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))
    tensor([2., 0.])
    """
    heatmaps = _read("heatmap_argmax", heatmaps).detach()
    values, width = heatmaps.flatten(-2), heatmaps.shape[-1]
    highest = values.argmax(-1, keepdim=True)
    place = torch.cat([highest % width, highest // width], dim=-1).to(heatmaps.dtype)
    return torch.where(values.gather(-1, highest).isnan(), torch.nan, place)


@checked
def heatmap_soft_argmax(
    heatmaps: Float[Tensor, "*b h w"], *, temperature: float = 1.0, from_logits: bool = True
) -> Float[Tensor, "*b 2"]:
    """The mean position under the map: softmax of logits, or the map over its sum.

    A map of values between 0 and 1 is not a map of logits: the softmax of a perfect one of 512 x 512 pixels lies within
    a pixel of the image's centre. Use ``from_logits=False`` for it.

    Args:
        heatmaps: Logits, or with ``from_logits=False`` values, of which negative ones count as 0; shape (..., H, W).
        temperature: Divides the logits, > 0; must stay 1 for values.
        from_logits: Whether the maps are logits.

    Returns:
        (x, y) in pixels, shape (..., 2); the centre of the image for a map of zeros, NaN for a map with NaN.

    Raises:
        ValueError: The shape or the temperature is wrong.

    Differentiable (twice). Source: DSNT, Nibali et al. 2018, arXiv 1801.07372.

    >>> heatmap_soft_argmax(torch.tensor([[0.0, 3.0]]).log1p() / 2)
    tensor([0.6667, 0.0000])
    """
    heatmaps = _read("heatmap_soft_argmax", heatmaps)
    if not temperature > 0:
        raise ValueError(f"heatmap_soft_argmax: temperature must be positive, got {temperature}")
    if not from_logits and temperature != 1:
        raise ValueError(f"heatmap_soft_argmax: temperature must be 1 with from_logits=False, got {temperature}")
    height, width = heatmaps.shape[-2:]
    if from_logits:
        shares = torch.softmax(heatmaps.flatten(-2) / temperature, dim=-1)
    else:
        values = heatmaps.flatten(-2).clamp(min=0)
        total = values.sum(-1, keepdim=True)
        filled = ~(total <= torch.finfo(total.dtype).tiny / torch.finfo(total.dtype).eps)  # NaN stays; no 1 / 1e-40
        shares = torch.where(filled, values / torch.where(filled, total, 1), 1 / (height * width))
    shares = shares.unflatten(-1, (height, width))
    columns, rows = (torch.arange(n, dtype=shares.dtype, device=shares.device) for n in (width, height))
    return torch.stack([(shares.sum(-2) * columns).sum(-1), (shares.sum(-1) * rows).sum(-1)], dim=-1)


@checked
def heatmap_dark(heatmaps: Float[Tensor, "*b h w"], *, sigma: float | None = None) -> Float[Tensor, "*b 2"]:
    """The peak of a Gaussian through the highest pixel and its eight neighbours: a Newton step on the logarithm.

    p - H^-1 g with gradient g and Hessian H of ln(map) by central differences at the highest pixel p. Exact for a
    sampled Gaussian; without the logarithm the step is biased by up to 0.05 pixels at a standard deviation of 1.

    Args:
        heatmaps: Values, of which those below 1e-10 of the peak count as that; shape (..., H, W).
        sigma: Take the step on the map blurred by a Gaussian of this many pixels, the standard deviation the maps were
            trained with, where noise breaks up the peaks; outside the map the blur finds zeros. The rescaling of the
            paper moves no peak and is left out. ``None``: no blur.

    Returns:
        (x, y) in pixels, shape (..., 2), within one pixel of the highest pixel of the given map, which is kept where
        ln(map) has no strict maximum there, where the map is less than 3 pixels a side, and with ``sigma`` where it
        lies on the border; NaN for a map with NaN; no gradient.

    Raises:
        ValueError: The shape or ``sigma`` is wrong.

    Source: DARK, Zhang et al., CVPR 2020, with unit steps in the second derivatives.

    >>> from diffshape.ops import gaussian_heatmaps
    >>> heatmap_dark(gaussian_heatmaps(torch.tensor([3.3, 2.6]), (8, 8), sigma=1.0))
    tensor([3.3000, 2.6000])
    """
    heatmaps = _read("heatmap_dark", heatmaps).detach()
    if sigma is not None and not 0 < sigma < math.inf:
        raise ValueError(f"heatmap_dark: sigma must be positive or None, got {sigma}")
    peak = heatmap_argmax(heatmaps)
    height, width = heatmaps.shape[-2:]
    if min(height, width) < 3:
        return peak
    last = peak.new_tensor([width - 2, height - 2])
    center = torch.minimum(peak.nan_to_num(1).clamp(min=1), last)
    step, refined = _newton_step(_log_windows(heatmaps if sigma is None else _blur(heatmaps, sigma), center))
    if sigma is not None:  # beside the border the blurred map leans inwards, by more than half a pixel
        refined = refined & (center == peak).all(-1)
    return torch.where(refined[..., None], peak + (center + step - peak).clamp(-1, 1), peak)


def _log_windows(heatmaps: Tensor, center: Tensor) -> Tensor:
    """ln(map) on the nine pixels about ``centre``, shape (..., 3, 3)."""
    width = heatmaps.shape[-1]
    steps = torch.arange(-1, 2, device=heatmaps.device)
    x, y = center.long().unbind(-1)
    places = (y[..., None, None] + steps[:, None]) * width + x[..., None, None] + steps
    values = heatmaps.flatten(-2).gather(-1, places.flatten(-2)).unflatten(-1, (3, 3))
    highest = values.amax((-2, -1), keepdim=True)
    return torch.maximum(values, 1e-10 * highest).clamp(min=torch.finfo(values.dtype).tiny).log()


def _newton_step(p: Tensor) -> tuple[Tensor, Tensor]:
    """-H^-1 g of a (..., 3, 3) window, (..., 2), and whether H is negative definite."""
    gx, gy = (p[..., 1, 2] - p[..., 1, 0]) / 2, (p[..., 2, 1] - p[..., 0, 1]) / 2
    xx = p[..., 1, 2] - 2 * p[..., 1, 1] + p[..., 1, 0]
    yy = p[..., 2, 1] - 2 * p[..., 1, 1] + p[..., 0, 1]
    xy = (p[..., 2, 2] - p[..., 2, 0] - p[..., 0, 2] + p[..., 0, 0]) / 4
    determinant = xx * yy - xy * xy
    concave = (xx < 0) & (determinant > 0)
    step = torch.stack([xy * gy - yy * gx, xy * gx - xx * gy], dim=-1)
    return step / torch.where(concave, determinant, 1)[..., None], concave


def _blur(heatmaps: Tensor, sigma: float) -> Tensor:
    """Gaussian blur out to 3 sigma, axis by axis, with zeros outside."""
    reach = min(max(1, round(3 * sigma)), max(heatmaps.shape[-2:]))
    offsets = torch.arange(-reach, reach + 1, dtype=heatmaps.dtype, device=heatmaps.device)
    kernel = torch.softmax(-(offsets / sigma).square() / 2, dim=0)
    maps = heatmaps.reshape(-1, 1, *heatmaps.shape[-2:])
    maps = torch.nn.functional.conv2d(maps, kernel[None, None, None, :], padding=(0, reach))
    return torch.nn.functional.conv2d(maps, kernel[None, None, :, None], padding=(reach, 0)).reshape(heatmaps.shape)


def _read(function: str, heatmaps: Tensor) -> Tensor:
    """The maps, checked, in single precision at least."""
    if heatmaps.ndim < 2 or 0 in heatmaps.shape[-2:] or not heatmaps.is_floating_point():
        raise ValueError(
            f"{function}: heatmaps must be floating point, shape (..., H, W) with pixels, "
            f"got {heatmaps.dtype}, {tuple(heatmaps.shape)}"
        )
    return widened(heatmaps)

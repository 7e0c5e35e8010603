"""What losses on heat-maps share beyond their pixels: one weight a keypoint, and channels that do not count."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.losses.reduction import read_elements


def read_heatmaps(
    function: str, pred: Tensor, target: Tensor, mask: Tensor | None, weights: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """``read_elements`` for heat-maps (..., H, W), with weights (...) a keypoint spread over its pixels."""
    (pred, target), mask = read_elements(function, {"pred": pred, "target": target}, mask, inner=2)
    if weights is not None:
        if pred.ndim < 2 or weights.shape != pred.shape[:-2] or not weights.is_floating_point():
            raise ValueError(
                f"{function}: weights must be floating point, shape {tuple(pred.shape[:-2])}, one a heat-map of pred, "
                f"got {weights.dtype}, {tuple(weights.shape)}"
            )
        if mask is not None:
            weights = torch.where(mask.flatten(-2).any(-1), weights, 0)
        passed: Tensor = check_weights(function, weights.detach(), pred.shape[-2] * pred.shape[-1])
        weights = (weights.to(pred) * passed)[..., None, None].expand(pred.shape)
    return pred, target, mask, weights


@torch.library.custom_op("diffshape::check_heatmap_weights", mutates_args=())
def check_weights(function: str, weights: Tensor, pixels: int) -> Tensor:
    """1, to multiply by, if the weights can weigh: the compiler sees one operator that must run."""
    if not bool((weights >= 0).all() & (weights * pixels).sum().isfinite()):
        raise ValueError(f"{function}: weights must be finite, not negative, and of a finite sum over all pixels")
    return weights.new_ones(())


@check_weights.register_fake
def _(function: str, weights: Tensor, pixels: int) -> Tensor:
    return weights.new_empty(())


def keep_channels(mask: Bool[Tensor, "*b h w"] | None, channels: Bool[Tensor, "*b"], shape: torch.Size) -> Tensor:
    """A mask (..., H, W) narrowed to some channels (...)."""
    kept = channels[..., None, None].expand(shape)
    return kept if mask is None else mask & kept


def drawn_channels(target: Float[Tensor, "*b h w"]) -> Bool[Tensor, "*b"]:
    """Channels in which something is drawn, so that empty ones can be left out."""
    return (target > 0).flatten(-2).any(-1)


def hardest_channels(
    values: Float[Tensor, "*b k h w"], mask: Bool[Tensor, "*b k h w"] | None, count: int
) -> Bool[Tensor, "*b k"]:
    """The ``count`` channels of each image with the largest mean over their real pixels, fewer if fewer are real."""
    if mask is None:
        losses = values.mean((-2, -1))
    else:
        pixels = mask.sum((-2, -1))
        losses = torch.where(mask, values, 0).sum((-2, -1)) / pixels.clamp(min=1)
        losses = torch.where(pixels > 0, losses, -1)
    chosen = losses.topk(min(count, losses.shape[-1]), dim=-1).indices
    return torch.zeros_like(losses, dtype=torch.bool).scatter(-1, chosen, True)

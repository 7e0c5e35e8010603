"""Arguments of losses on heat-maps: weights, one a keypoint, and masks of the channels that count."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape.losses.reduction import read_elements, read_weights


def read_heatmaps(
    function: str, pred: Tensor, target: Tensor, mask: Tensor | None, weights: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """``read_elements`` for heat-maps (..., H, W), with weights (...) a keypoint spread over its pixels, or a pixel."""
    (pred, target), mask = read_elements(function, {"pred": pred, "target": target}, mask, inner=2)
    weights = read_weights(function, weights, pred, mask, inner=2, whole="heat-map", part="pixel")
    return pred, target, mask, weights


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

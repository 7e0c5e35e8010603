"""Output of landmark networks: heat-maps, and the predicted variance of each coordinate."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._reprs import one_line


class LandmarkOutput(NamedTuple):
    """Heat-maps (B, K, h, w), as logits or values, and ln(variance) (B, K, 2) in pixels of them, before any bound."""

    heatmaps: Float[Tensor, "b k h w"]
    log_variance: Float[Tensor, "b k 2"]

    __repr__ = one_line


class UncertaintyHead(nn.Module):
    """Predicts ln(variance) of x and y from the features under each heat-map and from the width of the map.

    No gradient reaches the maps.

    Args:
        width: Channels of the features.
        start: ln(variance) before training.
    """

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.hidden, self.answer = nn.Linear(width + 2, 32), nn.Linear(32, 2)
        nn.init.zeros_(self.answer.weight)
        nn.init.constant_(self.answer.bias, start)

    def forward(self, heatmaps: Float[Tensor, "b k h w"], features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k 2"]:
        """ln(variance) (B, K, 2) from heat-maps, as logits, and from features of the same height and width."""
        shares = heatmaps.detach().flatten(-2).softmax(-1)
        seen = shares @ features.flatten(-2).transpose(1, 2)
        by_row, by_column = (shares.unflatten(-1, heatmaps.shape[-2:]).sum(axis) for axis in (-1, -2))
        widths = torch.stack([_log_variance(by_column), _log_variance(by_row)], dim=-1)
        return self.answer(self.hidden(torch.cat([seen, widths], dim=-1)).relu())


def _log_variance(shares: Float[Tensor, "b k n"]) -> Float[Tensor, "b k"]:
    """ln(variance + 0.01) of the positions 0, 1, ... under shares."""
    positions = torch.arange(shares.shape[-1], dtype=shares.dtype, device=shares.device)
    mean = (shares * positions).sum(-1, keepdim=True)
    return ((shares * (positions - mean).square()).sum(-1) + 0.01).log()

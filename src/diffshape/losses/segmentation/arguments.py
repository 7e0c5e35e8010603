"""How every loss on images or volumes with channels reads its arguments: classes, labels, masks, weights, precision."""

from itertools import accumulate
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from diffshape.losses.reduction import Reduction, check_mask
from diffshape.losses.voxels.arguments import check_same_device, logarithms, read_shares
from diffshape.ops.checks import kept_when_compiled, widened

Classes = Literal["exclusive", "independent"]
"""One class a voxel (softmax over the channels), or any number (a sigmoid a channel)."""


class Channels(NamedTuple):
    """Both sides of a loss on B images of C channels and N voxels, of which the masked ones are absent."""

    pred: Float[Tensor, "b c n"]
    """Logits or probabilities, float32 or float64; 0 in masked places."""
    target: Float[Tensor, "b c n"]
    """0 to 1, of the same dtype; 0 in masked places."""
    mask: Bool[Tensor, "b 1 n"] | None
    """True = real; None if every voxel is."""
    weights: Float[Tensor, "c"]
    """Weight of each class; at most 1 for a mean."""
    exclusive: bool
    from_logits: bool

    def log_probabilities(self) -> tuple[Tensor, Tensor]:
        """ln p and ln (1 - p), from logits each with its digits, however small p or 1 - p is."""
        if not self.from_logits:
            return logarithms(self.pred)
        if not self.exclusive:
            return logsigmoid(self.pred), logsigmoid(-self.pred)
        log_full = self.pred.log_softmax(1).clamp(min=torch.finfo(self.pred.dtype).min)
        return log_full, _log_sum_of_others(log_full)

    def probabilities(self) -> tuple[Tensor, Tensor]:
        """p and 1 - p."""
        if not self.from_logits:
            return self.pred, 1 - self.pred
        log_full, log_empty = self.log_probabilities()
        return log_full.exp(), log_empty.exp()

    def sum(self, values: Float[Tensor, "b c n"]) -> Float[Tensor, "b c"]:
        """Sum over the real voxels of each channel."""
        return (values if self.mask is None else torch.where(self.mask, values, 0)).sum(-1)


def read_segmentation(
    function: str,
    pred: Tensor,
    target: Tensor,
    mask: Tensor | None,
    *,
    classes: Classes,
    from_logits: bool,
    ignore_label: int | None,
    class_weights: Tensor | None,
    reduction: Reduction,
) -> Channels:
    """Both sides of a loss on (B, C, ...), or a ValueError that names the argument."""
    if pred.ndim < 3 or pred.shape[1] == 0 or not pred.is_floating_point():
        raise ValueError(
            f"{function}: pred must be floating point, shape (B, C, H, W), (B, C, R, R, R) or (B, C, N), "
            f"got {pred.dtype}, {tuple(pred.shape)}"
        )
    if classes not in ("exclusive", "independent"):
        raise ValueError(f'{function}: classes must be "exclusive" or "independent", got {classes!r}')
    if classes == "exclusive" and pred.shape[1] == 1:
        raise ValueError(
            f'{function}: pred has 1 channel, and classes="exclusive" needs 2 or more; one is classes="independent"'
        )
    check_mask(function, mask, pred.shape[:1] + pred.shape[2:], "pred without its channels")
    check_same_device(function, pred, target)
    weights = _read_weights(function, class_weights, widened(pred.new_ones(pred.shape[1])))
    if reduction == "mean":
        weights = weights / weights.max()  # a mean depends on their ratios only, and this cannot overflow
    target, mask = _read_target(function, pred, target, mask, ignore_label)
    mask = None if mask is None else mask.flatten(1)[:, None]
    pred, target = read_shares(function, pred.flatten(2), target.flatten(2), mask, from_logits=from_logits)
    return Channels(pred, target, mask, weights, classes == "exclusive", from_logits)


def _read_target(
    function: str, pred: Tensor, target: Tensor, mask: Tensor | None, ignore_label: int | None
) -> tuple[Tensor, Tensor | None]:
    """The target as shares of the classes, shape of ``pred``, and the mask without ignored voxels."""
    if target.shape == pred.shape:
        if ignore_label is not None:
            raise ValueError(f"{function}: ignore_label needs a target of labels, shape (B, ...); use mask")
        return target, mask
    without = pred.shape[:1] + pred.shape[2:]
    if target.shape != without or target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise ValueError(
            f"{function}: target must have shape {tuple(pred.shape)} like pred, or hold integer labels of shape "
            f"{tuple(without)}, got {target.dtype}, {tuple(target.shape)}"
        )
    labels = target.long()
    if ignore_label is not None:
        kept = labels != ignore_label
        mask = kept if mask is None else mask & kept
    if mask is not None:
        labels = torch.where(mask, labels, 0)
    if labels.numel():
        labels = check_labels(function, labels, pred.shape[1])
    names = torch.arange(pred.shape[1], device=labels.device).view(-1, *[1] * (pred.ndim - 2))
    return labels[:, None] == names, mask


def _read_weights(function: str, weights: Tensor | None, ones: Float[Tensor, "c"]) -> Float[Tensor, "c"]:
    """Weight of each class, of the dtype and device of ``ones``."""
    if weights is None:
        return ones
    if weights.shape != ones.shape:
        raise ValueError(
            f"{function}: class_weights must have shape {tuple(ones.shape)}, one a channel, got {tuple(weights.shape)}"
        )
    return check_class_weights(function, weights.to(ones))


def _log_sum_of_others(values: Float[Tensor, "b c n"]) -> Float[Tensor, "b c n"]:
    """ln of the sum of exp over all other channels, in O(C), by sums over those before and those behind."""
    channels = values.unbind(1)
    before = list(accumulate(channels[:-1], torch.logaddexp))  # of channel 1 and on
    behind = list(accumulate(channels[:0:-1], torch.logaddexp))[::-1]  # of all channels but the last
    between = [torch.logaddexp(*pair) for pair in zip(before[:-1], behind[1:])]
    return torch.stack([behind[0], *between, before[-1]], dim=1)


@kept_when_compiled
def check_labels(function: str, labels: Tensor, count: int) -> None:
    """Refuse labels that name no channel."""
    low, high = torch.aminmax(labels)
    if low < 0 or high >= count:
        raise ValueError(
            f"{function}: target must hold labels 0 to {count - 1}, one a channel of pred, got {int(low)} to "
            f"{int(high)}; ignore_label leaves one out"
        )


@kept_when_compiled
def check_class_weights(function: str, weights: Tensor) -> None:
    """Refuse weights that are not finite, or negative, or all 0."""
    if not (weights.isfinite().all() and (weights >= 0).all() and weights.any()):
        raise ValueError(
            f"{function}: class_weights must be finite, not negative and not all 0, got {weights.tolist()}"
        )

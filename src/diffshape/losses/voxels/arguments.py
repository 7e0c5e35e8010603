"""How every loss on occupancy grids reads its arguments: shapes, values, masks, precision, checked once and alike."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from diffshape.losses.reduction import Reduction, check_mask, check_same_shape, reduce_elements
from diffshape.ops.checks import kept_when_compiled, widened


class Voxels(NamedTuple):
    """Both sides of a loss on B grids of N voxels, of which the masked ones are absent."""

    pred: Float[Tensor, "b n"]
    """Logits or probabilities, float32 or float64; 0 in masked places."""
    target: Float[Tensor, "b n"]
    """0 to 1, of the same dtype; 0 in masked places."""
    mask: Bool[Tensor, "b n"] | None
    """True = real; None if every voxel is."""
    from_logits: bool
    single: bool
    """Whether the caller gave one grid, and no batch."""

    def probabilities(self) -> tuple[Tensor, Tensor]:
        """p and 1 - p. From logits each keeps its digits, and its gradient, however small it is."""
        if self.from_logits:
            return logsigmoid(self.pred).exp(), logsigmoid(-self.pred).exp()
        return self.pred, 1 - self.pred

    def log_probabilities(self) -> tuple[Tensor, Tensor]:
        """ln p and ln (1 - p); of probabilities 0 and 1, of the nearest ones that have a logarithm."""
        if self.from_logits:
            return logsigmoid(self.pred), logsigmoid(-self.pred)
        return logarithms(self.pred)

    def sum(self, values: Float[Tensor, "b n"]) -> Float[Tensor, "b"]:
        """Sum over the real voxels of each sample."""
        return (values if self.mask is None else torch.where(self.mask, values, 0)).sum(-1)

    def reduce(self, values: Float[Tensor, "b"], reduction: Reduction) -> Float[Tensor, "*out"]:
        """Over the batch; one grid is a scalar under every reduction."""
        result = reduce_elements(values, None, reduction)
        return result[0] if self.single and reduction == "none" else result


def logarithms(probabilities: Float[Tensor, "*s"]) -> tuple[Float[Tensor, "*s"], Float[Tensor, "*s"]]:
    """ln p and ln (1 - p); of probabilities 0 and 1, of the nearest ones that have a logarithm."""
    limits = torch.finfo(probabilities.dtype)
    return probabilities.clamp(min=limits.tiny).log(), (-probabilities.clamp(max=1 - limits.eps / 2)).log1p()


def check_overlap(function: str, epsilon: float, alpha: float = 1.0, beta: float = 1.0) -> None:
    """Raise a ValueError unless these can be the options of a loss on soft sets."""
    if not 0 < epsilon < math.inf:
        raise ValueError(f"{function}: epsilon must be positive, got {epsilon}")
    if not (alpha >= 0 and beta >= 0 and 0 < alpha + beta < math.inf):
        raise ValueError(
            f"{function}: alpha and beta must be finite, 0 or more, and not both 0, got {alpha} and {beta}"
        )


def read_voxels(function: str, pred: Tensor, target: Tensor, mask: Tensor | None, *, from_logits: bool) -> Voxels:
    """Both sides of a loss, (B, R, R, R) or (R, R, R), or a ValueError that names the argument.

    The sides of a grid may differ. The target may be boolean or integer; half precision becomes float32.
    """
    if pred.ndim not in (3, 4) or not pred.is_floating_point():
        raise ValueError(
            f"{function}: pred must be floating point, shape (B, R, R, R) or (R, R, R) without a channel, "
            f"got {pred.dtype}, {tuple(pred.shape)}"
        )
    check_same_shape(function, "target", target, pred.shape, "pred")
    check_mask(function, mask, pred.shape, "pred")
    check_same_device(function, pred, target)
    single = pred.ndim == 3
    if single:
        pred, target, mask = pred[None], target[None], None if mask is None else mask[None]
    mask = None if mask is None else mask.flatten(1)
    pred, target = read_shares(function, pred.flatten(1), target.flatten(1), mask, from_logits=from_logits)
    return Voxels(pred, target, mask, from_logits, single)


def check_same_device(function: str, pred: Tensor, target: Tensor) -> None:
    """Raise a ValueError unless prediction and target are on one device."""
    if target.device != pred.device:
        raise ValueError(f"{function}: target must be on {pred.device} like pred, got {target.device}")


def read_shares(
    function: str, pred: Tensor, target: Tensor, mask: Tensor | None, *, from_logits: bool
) -> tuple[Tensor, Tensor]:
    """Prediction and target in float32, or float64 if the prediction is, with 0 in masked places.

    The target lies between 0 and 1, as does a prediction that is not of logits; else a ValueError names the argument.
    """
    pred = widened(pred)
    target = target.to(pred.dtype)
    if mask is not None:
        pred, target = (torch.where(mask, each, 0) for each in (pred, target))
    target = check_unit_interval(function, "target", target)
    return pred if from_logits else check_unit_interval(function, "pred", pred), target


@kept_when_compiled
def check_unit_interval(function: str, name: str, values: Tensor) -> None:
    """Refuse values that are not between 0 and 1, as occupancies are."""
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            f"{function}: {name} must lie between 0 and 1, got {values.min().item():g} to {values.max().item():g}"
        )

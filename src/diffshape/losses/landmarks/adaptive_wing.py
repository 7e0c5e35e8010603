"""Adaptive Wing: a loss on heat-maps that is steep at small errors where the target is high, flat where it is low.

With a = |pred - target| and e = alpha - target,

    omega ln(1 + (a / epsilon)^e)   where a < theta,   A a - C   elsewhere,

A the slope at theta and C what makes it continuous. Both branches are one formula here: with m = min(a, theta) and the
slope s(m) = omega e (m / epsilon)^(e - 1) / (epsilon (1 + (m / epsilon)^e)), the value is
omega ln(1 + (m / epsilon)^e) + s(m) (a - m), and its derivative in a is s(m). Nothing overflows in a branch not taken.

Value and slope are computed in blocks that stay in the cache, and only the arguments are kept for the way back, so the
cost in memory is one map each way. Source: Wang, Bo, Fuxin, ICCV 2019, arXiv 1904.07399, equations 4 to 7.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.landmarks.heatmap_arguments import read_heatmaps
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.transforms import is_transformed

PUBLISHED_MAP_WEIGHT = 10.0
MAP_THRESHOLD = 0.2
BLOCK = 1 << 15  # pixels of a thread; PyTorch gives a thread no fewer


@checked
def adaptive_wing_loss(
    pred: Float[Tensor, "*b h w"],
    target: Float[Tensor, "*b h w"],
    *,
    alpha: float = 2.1,
    omega: float = 14.0,
    epsilon: float = 1.0,
    theta: float = 0.5,
    weighted_map: bool | float = False,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """omega ln(1 + (a / epsilon)^e) where a < theta, A a - C elsewhere, of every pixel.

    a = |pred - target|, e = alpha - target, A the slope at theta and C what makes the loss continuous: steep at small
    errors where the target is high, flat where it is low.

    Args:
        pred: Heat-map values (not logits), shape (..., H, W), usually (B, K, H, W).
        target: Values 0 to 1 of the same shape; a constant. Above 1, where Gaussians were added up, e is that of 1.
        alpha: Exponent at target 0, > 2, so that the loss is smooth where target = 1 and a = 0.
        omega: Height of the logarithm, > 0.
        epsilon: Width of the logarithm, > 0.
        theta: Error at which the loss becomes linear, > 0.
        weighted_map: Multiply pixels near a peak by 1 + W: ``True`` for the published W = 10, with which the paper's
            recipe is complete, or W itself. Near means that the target dilated by 3 x 3 pixels reaches 0.2.
        mask: True where real: a keypoint, shape (...,), or a pixel, shape (..., H, W).
        weights: One a keypoint, shape (...,), or a pixel, shape (..., H, W), not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real pixels, or "none" for (..., H, W).

    Returns:
        Scalar or (..., H, W), >= 0, 0 where pred = target.

    Raises:
        ValueError: A shape, a dtype or an option is wrong.

    Differentiable (twice) in ``pred``, with slope 0 where pred = target.

    >>> adaptive_wing_loss(torch.tensor([0.1, 0.9, 0.8]), torch.tensor([0.0, 1.0, 0.0]), reduction="none")
    tensor([0.1108, 1.0701, 6.2717])
    """
    name = "adaptive_wing_loss"
    if not 2 < alpha < math.inf:
        raise ValueError(f"{name}: alpha must exceed 2, 1 more than the highest target, got {alpha}")
    for option, value in {"omega": omega, "epsilon": epsilon, "theta": theta}.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: {option} must be positive, got {value}")
    boost = PUBLISHED_MAP_WEIGHT if weighted_map is True else float(weighted_map)
    if not 0 <= boost < math.inf or (boost > 0 and target.ndim < 2):
        raise ValueError(
            f"{name}: weighted_map must be True, False or a weight of 0 or more, for target of shape (..., H, W), "
            f"got {weighted_map} for {tuple(target.shape)}"
        )
    pred, target, mask, weights = read_heatmaps(name, pred, target, mask, weights)
    near = _near_peak(target) if boost else None
    wing = _Wing(alpha, omega, epsilon, theta, boost)
    if is_transformed(pred):
        values = wing.values(pred, target.detach(), near)
    else:
        values = _AdaptiveWing.apply(pred, target.detach(), near, wing)
    return reduce_elements(values, mask, reduction, weights=weights)


class _Wing(NamedTuple):
    """The shape of the loss, and what pixels near a peak weigh more."""

    alpha: float
    omega: float
    epsilon: float
    theta: float
    boost: float

    def values(self, pred: Tensor, target: Tensor, near: Tensor | None) -> Tensor:
        """The loss of every pixel."""
        error = (pred - target).abs()
        inner = error.clamp(max=self.theta)
        powers, slope = self._powers_and_slope(inner, target)
        return self._boosted(self.omega * powers.log1p() + slope * (error - inner), near)

    def slopes(self, pred: Tensor, target: Tensor, near: Tensor | None, upstream: Tensor) -> Tensor:
        """Derivative of the loss of every pixel in ``pred``, times ``upstream``."""
        error = pred - target
        _, slope = self._powers_and_slope(error.abs().clamp(max=self.theta), target)
        return self._boosted(slope * error.sign(), near) * upstream

    def _powers_and_slope(self, inner: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """(m / epsilon)^e and s(m) of errors m up to theta."""
        exponent = self.alpha - target.clamp(max=1)
        ratio = inner / self.epsilon
        logarithm = ratio.clamp(min=torch.finfo(ratio.dtype).tiny).log()
        power = ((exponent - 1) * logarithm).exp()  # a fifth of the time of pow on the CPU
        powers = power * ratio
        return powers, (self.omega / self.epsilon) * exponent * power / (1 + powers)

    def _boosted(self, values: Tensor, near: Tensor | None) -> Tensor:
        return values if near is None else torch.addcmul(values, values, near.to(values), value=self.boost)


class _AdaptiveWing(torch.autograd.Function):
    """Values of a ``_Wing``, keeping nothing but the arguments for the way back."""

    @staticmethod
    def forward(pred: Tensor, target: Tensor, near: Tensor | None, wing: _Wing) -> Tensor:
        return _in_blocks(wing.values, pred, target, near)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        pred, target, near, ctx.wing = inputs
        ctx.save_for_backward(pred, target, near)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        return _in_blocks(ctx.wing.slopes, *ctx.saved_tensors, upstream), None, None, None


def _in_blocks(function: Callable[..., Tensor], first: Tensor, *others: Tensor | None) -> Tensor:
    """An elementwise function, block by block where nothing has to be recorded."""
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or first.numel() <= BLOCK:
        return function(first, *others)
    block = BLOCK * torch.get_num_threads()
    result = torch.empty_like(first, memory_format=torch.contiguous_format)
    flat = [None if each is None else each.reshape(-1) for each in (first, *others)]
    for start in range(0, first.numel(), block):
        part = slice(start, start + block)
        result.view(-1)[part] = function(*(None if each is None else each[part] for each in flat))
    return result


def _near_peak(target: Float[Tensor, "*b h w"]) -> Bool[Tensor, "*b h w"]:
    """Where the 3 x 3 maximum of the target reaches the threshold."""
    high = target >= MAP_THRESHOLD
    wide = high.clone()
    wide[..., 1:] |= high[..., :-1]
    wide[..., :-1] |= high[..., 1:]
    near = wide.clone()
    near[..., 1:, :] |= wide[..., :-1, :]
    near[..., :-1, :] |= wide[..., 1:, :]
    return near

"""Three losses on heat-maps that weight pixels by how hard or how far from a peak they are.

"centernet", for probabilities p = sigmoid(z) of logits z, over the number of pixels at which the target y is 1:

    -(1 - p)^alpha ln p  where y = 1,    -(1 - y)^beta p^alpha ln(1 - p)  elsewhere

"focal_l2", for values p:

    |1 - s|^gamma (p - y)^2,    s = p - alpha  where y >= 0.01,  1 - p - beta  elsewhere

"background", for values p: (1 - y)^gamma (p - y)^2. It is not a focal loss: its weight is 0 on the peak and 1 far
away, so a map of zeros keeps only a sixth of its squared error, the peak itself gets no gradient, and the strongest
pull is on a ring 1.5 standard deviations out. It stands here because landmark code uses it, to be compared with.

Sources: Zhou et al., Objects as Points, 2019, after Law and Deng, CornerNet, ECCV 2018; Li et al., Simple Pose, AAAI
2020; "background" has no published source.
"""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.landmarks.heatmap_arguments import read_heatmaps
from diffshape.losses.reduction import Reduction, reduce_elements

FocalKind = Literal["centernet", "focal_l2", "background"]
DEFAULTS = {
    "centernet": {"alpha": 2.0, "beta": 4.0},
    "focal_l2": {"alpha": 0.0, "beta": 0.0, "gamma": 2.0},
    "background": {"gamma": 2.0},
}
FOREGROUND = 0.01


@checked
def heatmap_focal_loss(
    pred: Float[Tensor, "*b h w"],
    target: Float[Tensor, "*b h w"],
    *,
    kind: FocalKind = "centernet",
    alpha: float | None = None,
    beta: float | None = None,
    gamma: float | None = None,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """A squared or logarithmic loss of every pixel, weighted by how hard or how far from a peak it is.

    With the target y, and p = sigmoid(pred) for "centernet", p = pred for the others:

        "centernet"   -(1 - p)^alpha ln p  where y = 1,  -(1 - y)^beta p^alpha ln(1 - p)  elsewhere; the mean divides
                      by the number of pixels with y = 1
        "focal_l2"    |1 - s|^gamma (p - y)^2,  s = p - alpha  where y >= 0.01,  1 - p - beta  elsewhere
        "background"  (1 - y)^gamma (p - y)^2, for comparison only: it has no weight on the peak itself

    Args:
        pred: Heat-maps, shape (..., H, W): logits for "centernet", else values.
        target: Values 0 to 1 of the same shape. "centernet" counts pixels that are exactly 1, so its centres must be
            rounded: ``ops.gaussian_heatmaps(..., rounded=True)``.
        kind: Which loss.
        alpha: For "centernet" the focus on hard pixels, >= 0, 2 by default; for "focal_l2" the compensation of
            foreground pixels, 0 by default.
        beta: For "centernet" how fast negatives near a peak are forgiven, >= 0, 4 by default; for "focal_l2" the
            compensation of background pixels, 0 by default.
        gamma: Power of the weight of "focal_l2" (0, or >= 1) and "background" (>= 0), 2 by default.
        mask: True where real: a keypoint, shape (...,), or a pixel, shape (..., H, W).
        weights: One a keypoint, shape (...,), or a pixel, shape (..., H, W), not negative.
        reduction: "mean" divides the sum by the (weighted) number of real pixels, for "centernet" of real pixels with
            target 1, or by 1 if there are none; "sum"; or "none" for (..., H, W).

    Returns:
        Scalar or (..., H, W), >= 0.

    Raises:
        ValueError: A shape, a dtype or an option is wrong, or the kind does not have that option.

    Differentiable (twice). Saturated logits keep their gradient: z = -30 at a peak costs 30 with slope -1. "background"
    takes targets above 1 as 1.

    >>> p, y = torch.tensor([[0.8, 0.3, 0.1]]), torch.tensor([[1.0, 0.5, 0.0]])
    >>> heatmap_focal_loss(p.logit(), y)
    tensor(0.0120)
    >>> heatmap_focal_loss(p, y, kind="focal_l2", reduction="none")
    tensor([[0.0016, 0.0196, 0.0001]])
    """
    name = "heatmap_focal_loss"
    given = {"alpha": alpha, "beta": beta, "gamma": gamma}
    options = _options(kind, {option: value for option, value in given.items() if value is not None})
    pred, target, mask, weights = read_heatmaps(name, pred, target, mask, weights)
    if kind == "centernet":
        values = _centernet(pred, target, **options)
        if reduction == "mean":
            peaks = reduce_elements((target == 1).to(values), mask, "sum", weights=weights)
            return reduce_elements(values, mask, "sum", weights=weights) / torch.where(peaks > 0, peaks, 1)
    elif kind == "focal_l2":
        values = _focal_l2(pred, target, **options)
    else:
        values = (1 - target).clamp(min=0).pow(options["gamma"]) * (pred - target).square()
    return reduce_elements(values, mask, reduction, weights=weights)


def _centernet(logits: Tensor, target: Tensor, alpha: float, beta: float) -> Tensor:
    log_p, log_not_p = torch.nn.functional.logsigmoid(logits), torch.nn.functional.logsigmoid(-logits)
    positive = -(alpha * log_not_p).exp() * log_p
    negative = -(1 - target).clamp(min=0).pow(beta) * (alpha * log_p).exp() * log_not_p
    return torch.where(target == 1, positive, negative)


def _focal_l2(pred: Tensor, target: Tensor, alpha: float, beta: float, gamma: float) -> Tensor:
    distance = torch.where(target >= FOREGROUND, 1 - pred + alpha, pred + beta)
    return distance.abs().pow(gamma) * (pred - target).square()


def _options(kind: str, given: dict[str, float]) -> dict[str, float]:
    """The options of a kind, defaults filled in."""
    if kind not in DEFAULTS:
        raise ValueError(f"heatmap_focal_loss: kind must be one of {', '.join(map(repr, DEFAULTS))}, got {kind!r}")
    foreign = given.keys() - DEFAULTS[kind].keys()
    if foreign:
        raise ValueError(f"heatmap_focal_loss: kind {kind!r} has no option {', '.join(sorted(foreign))}")
    options = DEFAULTS[kind] | given
    for option, value in options.items():
        if not math.isfinite(value):
            raise ValueError(f"heatmap_focal_loss: {option} must be finite, got {value}")
    powers = {"centernet": ("alpha", "beta"), "focal_l2": ("gamma",), "background": ("gamma",)}[kind]
    for option in powers:
        if options[option] < 0 or (kind == "focal_l2" and 0 < options[option] < 1):
            wanted = "0, or 1 or more" if kind == "focal_l2" else "0 or more"
            raise ValueError(f"heatmap_focal_loss: {option} must be {wanted}, got {options[option]}")
    return options

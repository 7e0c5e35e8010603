"""Divergences between heat-maps taken as distributions over the pixels."""

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, check_same_shape, read_elements, reduce_elements

DivergenceKind = Literal["js", "kl", "reverse_kl"]


@checked
def heatmap_divergence(
    pred: Float[Tensor, "*b h w"],
    target: Float[Tensor, "*b h w"],
    *,
    kind: DivergenceKind = "js",
    from_logits: bool = True,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """How far each predicted map, as a distribution over its pixels, is from its target.

    With p from the prediction, q from the target and m = (p + q) / 2:

        "js"          KL(p || m) / 2 + KL(q || m) / 2
        "kl"          KL(q || p) = sum q ln(q / p)
        "reverse_kl"  KL(p || q) = sum p ln(p / q)

    Args:
        pred: Logits, of which p is the softmax, or with ``from_logits=False`` values, of which negative ones count as
            0 and p is the share of each in the sum; shape (..., H, W).
        target: Values >= 0, divided by their sum; a constant; same shape. Channels without a positive value, such as
            those of landmarks outside the image, do not count.
        kind: Which divergence. Libraries disagree on what "KL" of a prediction is; kornia's is "kl", dsntnn's
            "reverse_kl".
        from_logits: Whether ``pred`` holds logits.
        mask: True where a keypoint is real, shape (...,).
        reduction: "mean" or "sum" over the keypoints that count, or "none" for (...,).

    Returns:
        Scalar or (...,), in nats, 0 for equal maps; "js" at most ln 2.

    Raises:
        ValueError: A shape, a dtype, the kind or the reduction is wrong.

    Differentiable (twice) in ``pred``. Shares below the smallest normal number of their type count as that in
    logarithms, so that no value is infinite. Source: "js" is the best regulariser of DSNT, Nibali et al. 2018.

    >>> heatmap_divergence(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]]), kind="kl")
    tensor(0.6931)
    """
    name = "heatmap_divergence"
    if kind not in ("js", "kl", "reverse_kl"):
        raise ValueError(f'{name}: kind must be "js", "kl" or "reverse_kl", got {kind!r}')
    if pred.ndim < 2:
        raise ValueError(f"{name}: pred must have shape (..., H, W), got {tuple(pred.shape)}")
    if mask is not None:
        check_same_shape(name, "mask", mask, pred.shape[:-2], "pred without its last 2 dimensions")
    (pred, target), _ = read_elements(name, {"pred": pred, "target": target}, mask, inner=2)
    q, drawn = _shares(target.detach().flatten(-2))
    p, log_p = _distribution(pred.flatten(-2), from_logits)
    log_q = _log(q)
    if kind == "kl":
        values = q * (log_q - log_p)
    elif kind == "reverse_kl":
        values = p * (log_p - log_q)
    else:
        log_m = torch.logaddexp(log_p, log_q) - math.log(2)
        values = (p * (log_p - log_m) + q * (log_q - log_m)) / 2
    return reduce_elements(values.sum(-1), drawn if mask is None else drawn & mask, reduction)


def _distribution(pred: Tensor, from_logits: bool) -> tuple[Tensor, Tensor]:
    """Shares (..., N) and their logarithms."""
    if from_logits:
        log_p = torch.log_softmax(pred, dim=-1)
        return log_p.exp(), log_p
    p, _ = _shares(pred)
    return p, _log(p)


def _shares(values: Tensor) -> tuple[Tensor, Tensor]:
    """Each positive value over the sum of a map (..., N), even shares for an empty one; and which maps are not.

    A map with NaN is drawn, and its shares are NaN; one whose sum is so small that it has no reciprocal is empty.
    """
    values = values.clamp(min=0)
    total = values.sum(-1, keepdim=True)
    drawn = ~(total <= torch.finfo(total.dtype).tiny / torch.finfo(total.dtype).eps)
    return torch.where(drawn, values / torch.where(drawn, total, 1), 1 / values.shape[-1]), drawn[..., 0]


def _log(shares: Tensor) -> Tensor:
    return shares.clamp(min=torch.finfo(shares.dtype).tiny).log()

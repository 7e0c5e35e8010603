"""Intersection over union of predicted and true occupancy, at points of space or on a grid."""

import math

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import check_mask, check_same_shape


@checked
def occupancy_iou(
    pred: Shaped[Tensor, "*b n"],
    truth: Shaped[Tensor, "*b n"],
    *,
    threshold: float = 0.5,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b n"] | None = None,
) -> Float[Tensor, "*b"]:
    """|P and T| / |P or T| over the points of each sample, P where the predicted probability reaches the threshold.

    Args:
        pred: Logits, or probabilities, shape (..., N); or boolean, which needs no threshold.
        truth: Occupancy, boolean or 0 to 1 (occupied from 1/2 on), same shape.
        threshold: A probability strictly between 0 and 1, of logits too: 0.2, as Occupancy Networks use it, is the
            logit -1.39.
        from_logits: Whether ``pred`` is logits.
        mask: True where a point is real, same shape.

    Returns:
        One share a sample, 0 to 1, shape (...,), float64; 1 where both are empty (a convention: others return NaN),
        NaN where a real value is NaN.

    Raises:
        ValueError: A shape, the mask's dtype or the threshold is wrong.

    An estimate of the volumes' IoU if the points are uniform in space; one from points near a surface is another
    number. Source: Mescheder et al., Occupancy Networks, CVPR 2019.

    >>> pred = torch.tensor([4.0, 3.0, -2.0, 1.0])
    >>> occupancy_iou(pred, torch.tensor([True, True, True, False]))
    tensor(0.5000, dtype=torch.float64)
    """
    if pred.ndim < 1:
        raise ValueError("occupancy_iou: pred must have shape (..., N), got a scalar")
    return _iou("occupancy_iou", pred, truth, mask, threshold, from_logits, 1)


@checked
def voxel_iou(
    pred: Shaped[Tensor, "*b r1 r2 r3"],
    truth: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    threshold: float = 0.5,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
) -> Float[Tensor, "*b"]:
    """`occupancy_iou` over the voxels of each grid, (B, R, R, R) -> (B,) or (R, R, R) -> scalar.

    >>> half = torch.zeros(4, 4, 4)
    >>> half[:2] = 1
    >>> voxel_iou(half, torch.ones(4, 4, 4), from_logits=False)
    tensor(0.5000, dtype=torch.float64)
    """
    if pred.ndim not in (3, 4):
        raise ValueError(
            f"voxel_iou: pred must have shape (B, R, R, R) or (R, R, R) without a channel, got {tuple(pred.shape)}"
        )
    return _iou("voxel_iou", pred, truth, mask, threshold, from_logits, 3)


def _iou(
    function: str,
    pred: Tensor,
    truth: Tensor,
    mask: Tensor | None,
    threshold: float,
    from_logits: bool,
    dimensions: int,
) -> Float[Tensor, "*b"]:
    """The share over the last dimensions."""
    check_same_shape(function, "truth", truth, pred.shape, "pred")
    check_mask(function, mask, pred.shape, "pred")
    if not 0 < threshold < 1:
        raise ValueError(f"{function}: threshold must be a probability between 0 and 1, got {threshold}")
    if from_logits and not (pred.is_floating_point() or pred.dtype == torch.bool):
        raise ValueError(f"{function}: pred must be logits or boolean, or from_logits=False, got {pred.dtype}")
    unknown = pred.isnan() | truth.isnan()
    if mask is not None:
        unknown = unknown & mask
    if pred.dtype != torch.bool:
        pred = pred >= (math.log(threshold / (1 - threshold)) if from_logits else threshold)
    truth = truth >= 0.5
    both, either = pred & truth, pred | truth
    if mask is not None:
        both, either = both & mask, either & mask
    both, either = (each.flatten(-dimensions).sum(-1).double() for each in (both, either))
    shares = torch.where(either > 0, both / either.clamp(min=1), 1)
    return torch.where(unknown.flatten(-dimensions).any(-1), torch.nan, shares)

"""Occupancy grids, voxel by voxel: cross-entropy, and the focal loss that turns from easy voxels to hard ones.

With the logit z, p = sigmoid(z), ln p and ln (1 - p) = ln sigmoid(-z) are computed as they stand and never from a
clipped p, so a confidently wrong voxel keeps its gradient.
"""

import math

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, mean_of_each
from diffshape.losses.voxels.arguments import read_voxels


@checked
def voxel_cross_entropy(
    pred: Float[Tensor, "*b r1 r2 r3"],
    target: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    positive_weight: float = 1.0,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the voxels of -(w y ln p + (1 - y) ln(1 - p)), in nats, w = ``positive_weight``.

    Args:
        pred: Logits, or probabilities, shape (B, R, R, R) or (R, R, R).
        target: Occupancy y, 0 or 1 or between, same shape; may be boolean.
        positive_weight: Factor of the occupied voxels; empty over occupied ones balances a grid.
        from_logits: Whether ``pred`` is logits. Of probabilities, exact 0 and 1 have a finite loss and no gradient.
        mask: True where a voxel is real, shape of ``pred``.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0; 0 for a grid without a real voxel.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, ``positive_weight`` or the reduction is wrong.

    Twice differentiable in ``pred``. A value a voxel, images, and several classes: `segmentation_focal_loss` with
    ``gamma=0``.

    >>> import torch
    >>> voxel_cross_entropy(torch.zeros(2, 4, 4, 4), torch.ones(2, 4, 4, 4))
    tensor(0.6931)
    """
    if not 0 < positive_weight < math.inf:
        raise ValueError(f"voxel_cross_entropy: positive_weight must be positive, got {positive_weight}")
    voxels = read_voxels("voxel_cross_entropy", pred, target, mask, from_logits=from_logits)
    log_full, log_empty = voxels.log_probabilities()
    losses = -positive_weight * voxels.target * log_full - (1 - voxels.target) * log_empty
    return voxels.reduce(mean_of_each(losses, voxels.mask), reduction)


@checked
def voxel_focal_loss(
    pred: Float[Tensor, "*b r1 r2 r3"],
    target: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Mean over the voxels of -(1 - p_t)^gamma ln p_t, p_t = p where occupied and 1 - p where empty.

    Args:
        pred: Logits, or probabilities, shape (B, R, R, R) or (R, R, R).
        target: Occupancy y, same shape; may be boolean. Between 0 and 1 the two losses are mixed in that share.
        gamma: Power by which easy voxels lose weight, >= 0; 0 is the cross-entropy, and below 1 the gradient is finite
            too.
        alpha: Weight of the occupied voxels, 0 to 1, with 1 - alpha for the empty ones; ``None`` for 1 and 1.
        from_logits: Whether ``pred`` is logits. Of probabilities, exact 0 and 1 have a finite loss and no gradient.
        mask: True where a voxel is real, shape of ``pred``.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; >= 0; 0 for a grid without a real voxel. A mean over all voxels, where the
        source divides by the number of positives.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, ``gamma``, ``alpha`` or the reduction is wrong.

    Twice differentiable in ``pred``. A value a voxel, images, and several classes: `segmentation_focal_loss`. Source:
    Lin, Goyal, Girshick, He, Dollár, ICCV 2017, equations 4 and 5.

    >>> import torch
    >>> voxel_focal_loss(torch.zeros(2, 4, 4, 4), torch.ones(2, 4, 4, 4))  # ln 2 / 4
    tensor(0.1733)
    """
    if not 0 <= gamma < math.inf:
        raise ValueError(f"voxel_focal_loss: gamma must be 0 or more, got {gamma}")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"voxel_focal_loss: alpha must lie between 0 and 1, got {alpha}")
    voxels = read_voxels("voxel_focal_loss", pred, target, mask, from_logits=from_logits)
    log_full, log_empty = voxels.log_probabilities()
    full, empty = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    losses = -full * voxels.target * (gamma * log_empty).exp() * log_full
    losses = losses - empty * (1 - voxels.target) * (gamma * log_full).exp() * log_empty
    return voxels.reduce(mean_of_each(losses, voxels.mask), reduction)

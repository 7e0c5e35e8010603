"""Occupancy grids as soft sets: Dice, Tversky and IoU, which do not care how much empty space surrounds a shape.

With true positives TP = sum p y, false positives FP = sum p (1 - y) and false negatives FN = sum (1 - p) y of one grid,
all three are

    (alpha FP + beta FN) / (TP + alpha FP + beta FN + epsilon)

with alpha = beta = 1/2 for Dice, 1 for IoU. Written by its errors, a loss is 0 exactly where there are none, empty
against empty too, and 1 - p = sigmoid(-z) keeps its digits: a confidently wrong voxel keeps its gradient.
"""

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction
from diffshape.losses.voxels.arguments import Voxels, check_overlap, read_voxels


@checked
def voxel_dice_loss(
    pred: Float[Tensor, "*b r1 r2 r3"],
    target: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    squared: bool = False,
    epsilon: float = 1e-7,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - (2 sum p y + epsilon) / (sum p^q + sum y^q + epsilon) of each grid, q = 2 if ``squared``, else 1.

    Args:
        pred: Logits, or probabilities, shape (B, R, R, R) or (R, R, R).
        target: Occupancy y, 0 to 1, same shape; may be boolean.
        squared: Squares in the denominator, as in V-Net; else the plain sums.
        epsilon: Volume in voxels that keeps the quotient finite, positive. It decides only where the target is empty: a
            false positive then costs sum p / (sum p + epsilon), nearly 1 unless epsilon is as large as what should be
            forgiven.
        from_logits: Whether ``pred`` is logits.
        mask: True where a voxel is real, shape of ``pred``.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; 0 for equal sets, also empty ones, to 1 for disjoint ones.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, ``epsilon`` or the reduction is wrong.

    Twice differentiable in ``pred``. Images, and grids with several classes: `segmentation_dice_loss`. Source:
    Milletari, Navab, Ahmadi, V-Net, 3DV 2016 (``squared``).

    >>> import torch
    >>> half, whole = torch.zeros(4, 4, 4), torch.ones(4, 4, 4)
    >>> half[:2] = 1
    >>> voxel_dice_loss(half, whole, from_logits=False)  # 1 - 2 * 32 / (32 + 64)
    tensor(0.3333)
    """
    check_overlap("voxel_dice_loss", epsilon)
    voxels = read_voxels("voxel_dice_loss", pred, target, mask, from_logits=from_logits)
    if squared:
        full, _ = voxels.probabilities()
        sizes = voxels.sum(full.square() + voxels.target.square())
        return voxels.reduce(voxels.sum((full - voxels.target).square()) / (sizes + epsilon), reduction)
    return _tversky(voxels, 0.5, 0.5, epsilon / 2, reduction)


@checked
def voxel_tversky_loss(
    pred: Float[Tensor, "*b r1 r2 r3"],
    target: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    epsilon: float = 1e-7,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - (TP + epsilon) / (TP + alpha FP + beta FN + epsilon) of each grid.

    Args:
        pred: Logits, or probabilities, shape (B, R, R, R) or (R, R, R).
        target: Occupancy y, 0 to 1, same shape; may be boolean.
        alpha: Cost of a false positive, >= 0.
        beta: Cost of a false negative, >= 0; above ``alpha`` it favours filling thin parts.
        epsilon: Volume in voxels that keeps the quotient finite, positive; it decides only where the target is empty.
        from_logits: Whether ``pred`` is logits.
        mask: True where a voxel is real, shape of ``pred``.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; 0 for equal sets, also empty ones, to 1.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, an option or the reduction is wrong.

    Twice differentiable in ``pred``. Source: Salehi, Erdogmus, Gholipour, MLMI 2017 (alpha and beta as
    there).

    >>> import torch
    >>> half, whole = torch.zeros(4, 4, 4), torch.ones(4, 4, 4)
    >>> half[:2] = 1
    >>> voxel_tversky_loss(half, whole, alpha=0.25, beta=0.75, from_logits=False)  # 1 - 32 / (32 + 24)
    tensor(0.4286)
    """
    check_overlap("voxel_tversky_loss", epsilon, alpha, beta)
    voxels = read_voxels("voxel_tversky_loss", pred, target, mask, from_logits=from_logits)
    return _tversky(voxels, alpha, beta, epsilon, reduction)


@checked
def voxel_iou_loss(
    pred: Float[Tensor, "*b r1 r2 r3"],
    target: Shaped[Tensor, "*b r1 r2 r3"],
    *,
    epsilon: float = 1e-7,
    from_logits: bool = True,
    mask: Bool[Tensor, "*b r1 r2 r3"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - (sum p y + epsilon) / (sum (p + y - p y) + epsilon) of each grid: a soft intersection over union.

    Args:
        pred: Logits, or probabilities, shape (B, R, R, R) or (R, R, R).
        target: Occupancy y, 0 to 1, same shape; may be boolean.
        epsilon: Volume in voxels that keeps the quotient finite, positive; it decides only where the target is empty.
        from_logits: Whether ``pred`` is logits.
        mask: True where a voxel is real, shape of ``pred``.
        reduction: How the B values become one; "none" keeps them.

    Returns:
        Scalar, or shape (B,) for "none"; 0 for equal sets, also empty ones, to 1; 1 - IoU where p is 0 or 1.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, ``epsilon`` or the reduction is wrong.

    Twice differentiable in ``pred``. Source: Rahman, Wang, ISVC 2016.

    >>> import torch
    >>> half, whole = torch.zeros(4, 4, 4), torch.ones(4, 4, 4)
    >>> half[:2] = 1
    >>> voxel_iou_loss(half, whole, from_logits=False)
    tensor(0.5000)
    """
    check_overlap("voxel_iou_loss", epsilon)
    voxels = read_voxels("voxel_iou_loss", pred, target, mask, from_logits=from_logits)
    return _tversky(voxels, 1.0, 1.0, epsilon, reduction)


def _tversky(voxels: Voxels, alpha: float, beta: float, epsilon: float, reduction: Reduction) -> Float[Tensor, "*out"]:
    """(alpha FP + beta FN) / (TP + alpha FP + beta FN + epsilon) of each grid."""
    full, empty = voxels.probabilities()
    errors = alpha * voxels.sum(full * (1 - voxels.target)) + beta * voxels.sum(empty * voxels.target)
    return voxels.reduce(errors / (voxels.sum(full * voxels.target) + errors + epsilon), reduction)

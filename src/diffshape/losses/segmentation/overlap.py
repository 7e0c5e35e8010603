"""Images and volumes with channels as soft sets, a set a class: Dice, with or without squares, and Tversky."""

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.losses.segmentation.arguments import Channels, Classes, read_segmentation
from diffshape.losses.voxels.arguments import check_overlap


@checked
def segmentation_dice_loss(
    pred: Float[Tensor, "b c *s"],
    target: Shaped[Tensor, "b *cs"],
    *,
    squared: bool = False,
    epsilon: float = 1e-7,
    classes: Classes = "exclusive",
    from_logits: bool = True,
    ignore_label: int | None = None,
    mask: Bool[Tensor, "b *s"] | None = None,
    class_weights: Float[Tensor, "c"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - (2 sum p y + epsilon) / (sum p^q + sum y^q + epsilon) of each class of each image, q = 2 if ``squared`` or 1.

    Args:
        pred: Logits, or probabilities, shape (B, C, H, W), (B, C, R, R, R) or (B, C, N): any number of axes after the
            channels.
        target: Shares y of the classes, 0 to 1, shape of ``pred``, may be boolean; or integer labels 0 to C - 1, shape
            (B, H, W) or (B, R, R, R): ``pred`` without its channels.
        squared: Squares in the denominator, as in V-Net; else the plain sums.
        epsilon: Volume in voxels that keeps the quotient finite, positive. It decides only where the target is empty: a
            false positive then costs sum p / (sum p + epsilon).
        classes: "exclusive": a voxel has one class, p = softmax over the channels. "independent": it may have several
            or none, p = sigmoid of each channel; also for C = 1.
        from_logits: Whether ``pred`` is logits.
        ignore_label: Label of voxels that are left out, any integer.
        mask: True where a voxel is real, shape of ``pred`` without its channels; others may hold anything.
        class_weights: Weight of each class, shape (C,), not negative and not all 0. A mean divides by their sum;
            0 for channel 0 leaves the background out.
        reduction: "mean" over classes (weighted) and images, "sum", or "none" for shape (B, C).

    Returns:
        Scalar, or shape (B, C) for "none", times the weights; 0 for equal sets, also empty ones, to 1 for disjoint
        ones.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, a label, an option or the reduction is wrong.

    Twice differentiable in ``pred``. MONAI's DiceLoss with smooth_nr = smooth_dr = ``epsilon`` is the same, but its
    mean of weighted classes divides by C. Source: Milletari, Navab, Ahmadi, V-Net, 3DV 2016 (``squared``); Sudre et
    al., DLMIA 2017.

    >>> import torch
    >>> pred = torch.tensor([[[0.8, 0.4], [0.2, 0.6]]])  # one image, two classes, two pixels
    >>> segmentation_dice_loss(pred, torch.tensor([[0, 1]]), from_logits=False, reduction="none")
    tensor([[0.2727, 0.3333]])
    """
    check_overlap("segmentation_dice_loss", epsilon)
    channels = read_segmentation(
        "segmentation_dice_loss",
        pred,
        target,
        mask,
        classes=classes,
        from_logits=from_logits,
        ignore_label=ignore_label,
        class_weights=class_weights,
        reduction=reduction,
    )
    if not squared:
        return _tversky(channels, 0.5, 0.5, epsilon / 2, reduction)
    full, _ = channels.probabilities()
    errors = channels.sum((full - channels.target).square())
    sizes = channels.sum(full.square() + channels.target.square())
    return _reduce(channels, errors / (sizes + epsilon), reduction)


@checked
def segmentation_tversky_loss(
    pred: Float[Tensor, "b c *s"],
    target: Shaped[Tensor, "b *cs"],
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    epsilon: float = 1e-7,
    classes: Classes = "exclusive",
    from_logits: bool = True,
    ignore_label: int | None = None,
    mask: Bool[Tensor, "b *s"] | None = None,
    class_weights: Float[Tensor, "c"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - (TP + epsilon) / (TP + alpha FP + beta FN + epsilon) of each class of each image.

    TP = sum p y, FP = sum p (1 - y), FN = sum (1 - p) y. With alpha = beta = 1 it is 1 - IoU, with 1/2 the Dice loss.

    Args:
        pred: Logits, or probabilities, shape (B, C, H, W), (B, C, R, R, R) or (B, C, N).
        target: Shares y of the classes, 0 to 1, shape of ``pred``, or integer labels, ``pred`` without its channels.
        alpha: Cost of a false positive, >= 0.
        beta: Cost of a false negative, >= 0; above ``alpha`` it favours finding small things.
        epsilon: Volume in voxels that keeps the quotient finite, positive.
        classes: "exclusive", a softmax over the channels, or "independent", a sigmoid a channel.
        from_logits: Whether ``pred`` is logits.
        ignore_label: Label of voxels that are left out, any integer.
        mask: True where a voxel is real, shape of ``pred`` without its channels.
        class_weights: Weight of each class, shape (C,), not negative and not all 0.
        reduction: "mean" over classes (weighted) and images, "sum", or "none" for shape (B, C).

    Returns:
        Scalar, or shape (B, C) for "none", times the weights; 0 for equal sets, also empty ones, to 1.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, a label, an option or the reduction is wrong.

    Twice differentiable in ``pred``. MONAI's TverskyLoss with smooth_nr = smooth_dr = ``epsilon`` is the same. Source:
    Salehi, Erdogmus, Gholipour, MLMI 2017 (alpha and beta as there).

    >>> import torch
    >>> pred = torch.tensor([[[0.8, 0.4], [0.2, 0.6]]])
    >>> segmentation_tversky_loss(pred, torch.tensor([[0, 1]]), alpha=1, beta=1, from_logits=False)  # 1 - IoU
    tensor(0.4643)
    """
    check_overlap("segmentation_tversky_loss", epsilon, alpha, beta)
    channels = read_segmentation(
        "segmentation_tversky_loss",
        pred,
        target,
        mask,
        classes=classes,
        from_logits=from_logits,
        ignore_label=ignore_label,
        class_weights=class_weights,
        reduction=reduction,
    )
    return _tversky(channels, alpha, beta, epsilon, reduction)


def _tversky(
    channels: Channels, alpha: float, beta: float, epsilon: float, reduction: Reduction
) -> Float[Tensor, "*out"]:
    """(alpha FP + beta FN) / (TP + alpha FP + beta FN + epsilon), reduced: 0 exactly where there are no errors."""
    full, empty = channels.probabilities()
    errors = alpha * channels.sum(full * (1 - channels.target)) + beta * channels.sum(empty * channels.target)
    return _reduce(channels, errors / (channels.sum(full * channels.target) + errors + epsilon), reduction)


def _reduce(channels: Channels, values: Float[Tensor, "b c"], reduction: Reduction) -> Float[Tensor, "*out"]:
    return reduce_elements(values, None, reduction, weights=channels.weights.expand_as(values))

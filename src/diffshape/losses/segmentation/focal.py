"""Images and volumes with channels, voxel by voxel: the focal loss of several classes, and the cross-entropy."""

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.losses.segmentation.arguments import Channels, Classes, read_segmentation


@checked
def segmentation_focal_loss(
    pred: Float[Tensor, "b c *s"],
    target: Shaped[Tensor, "b *cs"],
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    classes: Classes = "exclusive",
    from_logits: bool = True,
    ignore_label: int | None = None,
    mask: Bool[Tensor, "b *s"] | None = None,
    class_weights: Float[Tensor, "c"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """The cross-entropy of every voxel, in which easy voxels count less; ``gamma=0`` is the cross-entropy itself.

    exclusive      l = -sum_c w_c y_c (1 - p_c)^gamma ln p_c                               a voxel
    independent    l_c = -w_c [y_c (1 - p_c)^gamma ln p_c + (1 - y_c) p_c^gamma ln (1 - p_c)]    a voxel and channel

    Args:
        pred: Logits, or probabilities, shape (B, C, H, W), (B, C, R, R, R) or (B, C, N): any number of axes after the
            channels.
        target: Shares y of the classes, 0 to 1, shape of ``pred``, may be boolean; or integer labels 0 to C - 1, shape
            (B, H, W) or (B, R, R, R): ``pred`` without its channels.
        gamma: Power by which easy voxels lose weight, >= 0.
        alpha: For independent classes, weight of what is occupied, 0 to 1, with 1 - alpha for what is empty; ``None``
            for 1 and 1. Exclusive classes have ``class_weights``.
        classes: "exclusive", a softmax over the channels, or "independent", a sigmoid a channel; also for C = 1.
        from_logits: Whether ``pred`` is logits. Of probabilities, exact 0 and 1 have a finite loss and no gradient.
        ignore_label: Label of voxels that are left out, any integer.
        mask: True where a voxel is real, shape of ``pred`` without its channels; others may hold anything.
        class_weights: Weight w of each class, shape (C,), not negative and not all 0.
        reduction: "mean" divides the sum by that of the weights of the real voxels (sum_c w_c y_c of each for exclusive
            classes, as `torch.nn.functional.cross_entropy` does); "sum"; or "none" for a value a voxel, shape of
            ``pred``, without its channels for exclusive classes, 0 where not real.

    Returns:
        A number >= 0 in nats, 0 if nothing is real; or the shape said at ``reduction``.

    Raises:
        ValueError: A shape, a dtype, a value outside 0..1, a label, an option or the reduction is wrong.

    Twice differentiable in ``pred``. A confidently wrong voxel keeps its gradient. MONAI's FocalLoss has the
    same values a voxel; its softmax mean divides by C more. Source: Lin, Goyal, Girshick, He, Dollár, ICCV 2017,
    equations 4 and 5.

    >>> import torch
    >>> segmentation_focal_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long))  # ln 2 / 4
    tensor(0.1733)
    """
    name = "segmentation_focal_loss"
    if not gamma >= 0:
        raise ValueError(f"{name}: gamma must be 0 or more, got {gamma}")
    if alpha is not None and (classes == "exclusive" or not 0 <= alpha <= 1):
        raise ValueError(
            f'{name}: alpha is for classes="independent" and must lie between 0 and 1, got {alpha} for {classes!r}; '
            f"exclusive classes have class_weights"
        )
    channels = read_segmentation(
        name,
        pred,
        target,
        mask,
        classes=classes,
        from_logits=from_logits,
        ignore_label=ignore_label,
        class_weights=class_weights,
        reduction=reduction,
    )
    full, empty = (1.0, 1.0) if alpha is None else (alpha, 1 - alpha)
    log_full, log_empty = channels.log_probabilities()
    weights = channels.weights[:, None]
    values = -full * channels.target * (gamma * log_empty).exp() * log_full
    if classes == "exclusive":
        shares = (weights * channels.target).sum(1)
        return _reduce(channels, (weights * values).sum(1), shares, reduction, pred[:, 0])
    values = values - empty * (1 - channels.target) * (gamma * log_full).exp() * log_empty
    return _reduce(channels, weights * values, weights.expand_as(values), reduction, pred)


def _reduce(
    channels: Channels, values: Tensor, weights: Tensor, reduction: Reduction, like: Tensor
) -> Float[Tensor, "*out"]:
    """Weighted values over the weights of what is real, or all of them in the shape of an image."""
    mask = channels.mask
    if mask is not None:
        mask = (mask if values.ndim == 3 else mask[:, 0]).expand_as(values)
    if reduction == "mean":
        divisor = reduce_elements(weights, mask, "sum")
        return reduce_elements(values, mask, "sum") / divisor.where(divisor > 0, 1)
    found = reduce_elements(values, mask, reduction)
    return found.reshape(like.shape) if reduction == "none" else found

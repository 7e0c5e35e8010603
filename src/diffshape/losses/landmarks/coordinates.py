"""Losses on coordinates: Wing, rectified Wing, smooth L1, and the Euclidean distance.

With a = |pred - target| of every coordinate:

    Wing               omega ln(1 + a / epsilon)  where a < omega,  a - C  elsewhere, continuous at omega
    rectified Wing     the same of a - radius, 0 where a < radius
    smooth L1          a^2 / (2 beta)  where a < beta,  a - beta / 2  elsewhere

All lengths are in the unit of the coordinates. Wing and smooth L1 treat the axes apart, so they depend on how the axes
lie; the Euclidean loss does not. Sources: Feng, Kittler, Awais, Huber, Wu, Wing Loss, CVPR 2018, arXiv 1711.06753;
Feng et al., Rectified Wing Loss, IJCV 2020; Girshick, Fast R-CNN, ICCV 2015.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, check_mask, read_elements, read_weights, reduce_elements


@checked
def wing_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    omega: float = 10.0,
    epsilon: float = 2.0,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """omega ln(1 + a / epsilon) where a = |pred - target| < omega, a - C elsewhere, continuous at omega.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        omega: Error at which the loss becomes linear, > 0. The defaults suit pixels of maps some 256 wide; coordinates
            in [-1, 1] need an omega near 0.1 and an epsilon to match, or the slope is steep everywhere.
        epsilon: Width of the logarithm, > 0.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        weights: One a landmark, the shape without its last dimension, or a coordinate, not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0.

    Raises:
        ValueError: A shape, a dtype, an option or the reduction is wrong.

    Differentiable, with slope 0 where pred = target and omega / epsilon just beside it: small errors count, and so does
    the noise of annotations (see ``rectified_wing_loss``).

    >>> wing_loss(torch.tensor([1.0, -3.0, 15.0]), torch.zeros(3), reduction="none")
    tensor([ 4.0547,  9.1629, 22.9176])
    """
    return _wing("wing_loss", pred, target, omega, epsilon, 0.0, mask, weights, reduction)


@checked
def rectified_wing_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    omega: float = 10.0,
    epsilon: float = 2.0,
    radius: float = 0.5,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """omega ln(1 + a / epsilon) of a = max(|pred - target| - radius, 0), linear beyond omega: noise costs nothing.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        omega: Error at which the loss becomes linear, > ``radius``.
        epsilon: Width of the logarithm, > 0.
        radius: Error that is free, >= 0.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        weights: One a landmark, the shape without its last dimension, or a coordinate, not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0.

    Raises:
        ValueError: A shape, a dtype, an option or the reduction is wrong.

    Differentiable, with slope 0 up to ``radius``.

    >>> rectified_wing_loss(torch.tensor([0.4, 2.5]), torch.zeros(2), reduction="none")
    tensor([0.0000, 6.9315])
    """
    return _wing("rectified_wing_loss", pred, target, omega, epsilon, radius, mask, weights, reduction)


def _wing(
    name: str,
    pred: Tensor,
    target: Tensor,
    omega: float,
    epsilon: float,
    radius: float,
    mask: Tensor | None,
    weights: Tensor | None,
    reduction: Reduction,
) -> Tensor:
    if not 0 <= radius < omega < math.inf or not 0 < epsilon < math.inf:
        raise ValueError(
            f"{name}: omega and epsilon must be positive, radius 0 or more and below omega, "
            f"got omega {omega}, epsilon {epsilon}, radius {radius}"
        )
    (pred, target), mask = read_elements(name, {"pred": pred, "target": target}, mask, inner=1)
    error = (pred - target).abs()
    if radius:
        error = (error - radius).relu()
    inner = error.clamp(max=omega - radius)  # keeps the logarithm, taken or not, from overflowing
    weights = read_weights(name, weights, pred, mask, inner=1, whole="landmark", part="coordinate")
    return reduce_elements(omega * (inner / epsilon).log1p() + (error - inner), mask, reduction, weights=weights)


@checked
def smooth_l1_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    beta: float = 1.0,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """a^2 / (2 beta) where a = |pred - target| < beta, a - beta / 2 elsewhere: the Huber loss over delta = beta.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        beta: Error at which the parabola becomes a line, > 0.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        weights: One a landmark, the shape without its last dimension, or a coordinate, not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0.

    Raises:
        ValueError: A shape, a dtype, ``beta`` or the reduction is wrong.

    Differentiable.

    >>> smooth_l1_loss(torch.tensor([0.5, 4.0]), torch.zeros(2), beta=2.0, reduction="none")
    tensor([0.0625, 3.0000])
    """
    if not 0 < beta < math.inf:
        raise ValueError(f"smooth_l1_loss: beta must be positive, got {beta}")
    (pred, target), mask = read_elements("smooth_l1_loss", {"pred": pred, "target": target}, mask, inner=1)
    error = (pred - target).abs()
    inner = error.clamp(max=beta)
    weights = read_weights("smooth_l1_loss", weights, pred, mask, inner=1, whole="landmark", part="coordinate")
    return reduce_elements(inner.square() / (2 * beta) + (error - inner), mask, reduction, weights=weights)


@checked
def euclidean_loss(
    pred: Float[Tensor, "*b d"],
    target: Float[Tensor, "*b d"],
    *,
    mask: Bool[Tensor, "*b"] | None = None,
    weights: Float[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """|pred - target| of every landmark.

    Args:
        pred: Predicted landmarks, shape (..., D), usually (B, K, 2).
        target: True coordinates, the same shape and unit.
        mask: True where a landmark is real, shape (...,).
        weights: One a landmark, shape (...,), not negative; the mean is sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real landmarks, or "none" for (...,).

    Returns:
        Scalar or (...,), >= 0, in the landmarks' unit.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong.

    Differentiable, with gradient 0 where pred = target.

    >>> euclidean_loss(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.zeros(2, 2), reduction="none")
    tensor([5., 0.])
    """
    if pred.ndim < 1:
        raise ValueError("euclidean_loss: pred must have shape (..., D), got a scalar")
    check_mask("euclidean_loss", mask, pred.shape[:-1], "pred without its last dimension")
    (pred, target), _ = read_elements("euclidean_loss", {"pred": pred, "target": target}, mask, inner=1)
    distances = torch.linalg.vector_norm(pred - target, dim=-1)
    weights = read_weights("euclidean_loss", weights, distances, mask, inner=0, whole="landmark", part="landmark")
    return reduce_elements(distances, mask, reduction, weights=weights)

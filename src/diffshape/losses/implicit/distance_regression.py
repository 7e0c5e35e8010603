"""Losses between a predicted signed distance p and the true one t, each with its own idea of which errors matter.

    MAPE           |p - t| / (|t| + epsilon)                    near the surface, up to 1 / epsilon times as much
    clamped L1     |clamp(p) - clamp(t)|, clamp to +-limit      within the limit only
    relative L2    (p - t)^2 / (p^2 + epsilon), p^2 constant    where the prediction is small

Sources: MAPE and relative L2 as in Mueller et al., Instant NGP, SIGGRAPH 2022 (epsilon = 0.01 in its implementation);
relative L2 after Lehtinen et al., Noise2Noise, ICML 2018; clamped L1 from Park et al., DeepSDF, CVPR 2019. For the
plain error there is ``torch.nn.functional.l1_loss``.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_elements, reduce_elements


@checked
def mape_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    epsilon: float = 0.01,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """|pred - target| / (|target| + epsilon) of every distance: the mean absolute percentage error, made finite at 0.

    Args:
        pred: Predicted distances, any shape.
        target: True distances, the same shape and unit.
        epsilon: Distance below which errors count as they are and no longer relatively, > 0, in the unit of the
            distances. The default suits shapes about 2 long, in [-1, 1]^3.
        mask: True where real, the same shape.
        reduction: "mean" or "sum" over the real distances, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0, without unit; 1 is an error of 100 percent.

    Raises:
        ValueError: A shape, a dtype, ``epsilon`` or the reduction is wrong.

    Differentiable, with gradient 0 where pred = target. A field that is 0 everywhere costs less than 1 at any point,
    and at most 1/2 within ``epsilon`` of the surface: near the surface alone, a low loss does not show that the field
    has left 0.

    >>> mape_loss(torch.tensor([0.01, 0.6]), torch.tensor([0.0, 0.49]), reduction="none")
    tensor([1.0000, 0.2200])
    """
    _check_positive("mape_loss", "epsilon", epsilon)
    (pred, target), mask = read_elements("mape_loss", {"pred": pred, "target": target}, mask, inner=0)
    return reduce_elements((pred - target).abs() / (target.abs() + epsilon), mask, reduction)


@checked
def clamped_l1_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    limit: float = 0.1,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """|clamp(pred) - clamp(target)| of every distance, both clamped to [-limit, limit].

    Args:
        pred: Predicted distances, any shape.
        target: True distances, the same shape and unit.
        limit: Distance up to which the field shall be exact, > 0, in the unit of the distances. The default suits
            shapes in the unit ball.
        mask: True where real, the same shape.
        reduction: "mean" or "sum" over the real distances, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, 0 to 2 ``limit``, in the unit of the distances.

    Raises:
        ValueError: A shape, a dtype, ``limit`` or the reduction is wrong.

    Differentiable, but the gradient is 0 wherever |pred| > limit: on the right side, where nothing is to be done, and
    *on the wrong side too*, where the loss is largest and stays there. A field that starts with such values learns
    nothing from those points; start it small, or as a sphere about the shape.

    >>> pred = torch.tensor([0.05, 0.7, -0.7], requires_grad=True)
    >>> loss = clamped_l1_loss(pred, torch.tensor([0.02, 0.3, 0.3]), reduction="none")
    >>> loss.sum().backward()
    >>> loss.detach(), pred.grad
    (tensor([0.0300, 0.0000, 0.2000]), tensor([1., 0., 0.]))
    """
    _check_positive("clamped_l1_loss", "limit", limit)
    (pred, target), mask = read_elements("clamped_l1_loss", {"pred": pred, "target": target}, mask, inner=0)
    return reduce_elements((pred.clamp(-limit, limit) - target.clamp(-limit, limit)).abs(), mask, reduction)


@checked
def relative_l2_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    epsilon: float = 0.01,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """(pred - target)^2 / (pred^2 + epsilon) of every distance, the denominator taken as constant.

    Args:
        pred: Predicted distances, any shape.
        target: True distances, the same shape and unit.
        epsilon: A *squared* distance, > 0: errors count relatively where |pred| exceeds its root, 0.1 by default.
        mask: True where real, the same shape.
        reduction: "mean" or "sum" over the real distances, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0, without unit.

    Raises:
        ValueError: A shape, a dtype, ``epsilon`` or the reduction is wrong.

    The gradient in ``pred`` is 2 (pred - target) / (pred^2 + epsilon), not the derivative of the value: a prediction
    gains nothing by growing, which its own square in the denominator would reward. The pull on a large wrong prediction
    is weak, about 2 / pred. Differentiable in ``target`` as it stands.

    >>> relative_l2_loss(torch.tensor([0.0, 0.3]), torch.tensor([0.1, 0.1]), reduction="none")
    tensor([1.0000, 0.4000])
    """
    _check_positive("relative_l2_loss", "epsilon", epsilon)
    (pred, target), mask = read_elements("relative_l2_loss", {"pred": pred, "target": target}, mask, inner=0)
    size = torch.hypot(pred.detach(), torch.full_like(pred, math.sqrt(epsilon)))  # the square itself may overflow
    return reduce_elements(((pred - target) / size).square(), mask, reduction)


def _check_positive(function: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{function}: {name} must be positive, got {value}")

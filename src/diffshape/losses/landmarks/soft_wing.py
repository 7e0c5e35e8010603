"""The soft Wing loss: small errors are left to themselves, those in between pulled hardest, large ones damped."""

import math

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_elements, read_weights, reduce_elements


@checked
def soft_wing_loss(
    pred: Float[Tensor, "*b"],
    target: Float[Tensor, "*b"],
    *,
    omega: float = 2.0,
    slope: float = 20.0,
    epsilon: float = 0.5,
    mask: Bool[Tensor, "*m"] | None = None,
    weights: Float[Tensor, "*w"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """With a = |pred - target| of every coordinate, a where a < omega, slope ln(1 + a / epsilon) + C elsewhere.

    C = omega - slope ln(1 + omega / epsilon) makes it continuous at omega, where its derivative jumps from 1 to
    slope / (epsilon + omega), 8 for the defaults.

    Args:
        pred: Predicted coordinates, any shape, usually landmarks (B, K, 2).
        target: True coordinates, the same shape and unit.
        omega: Error up to which the loss is linear, in the unit of the coordinates, > 0 (omega_1 of the source). The
            defaults suit pixels of maps some 256 wide.
        slope: Factor of the logarithm, in that unit, > 0 (omega_2).
        epsilon: Width of the logarithm, in that unit, > 0.
        mask: True where real: a landmark, the shape without its last dimension, or a coordinate.
        weights: One a landmark, the shape without its last dimension, or a coordinate, not negative; the mean is
            sum(w l) / sum(w).
        reduction: "mean" or "sum" over the real coordinates, or "none" for the input's shape.

    Returns:
        Scalar or the input's shape, >= 0.

    Raises:
        ValueError: A shape, a dtype, an option or the reduction is wrong.

    Differentiable, with slope 0 where pred = target. Source: Lin et al., Structure-Coherent Deep Feature Learning for
    Robust Face Alignment, IEEE TIP 2021.

    >>> import torch
    >>> soft_wing_loss(torch.tensor([1.0, -2.0, 7.0]), torch.zeros(3), reduction="none")
    tensor([ 1.0000,  2.0000, 23.9722])
    """
    name = "soft_wing_loss"
    if not all(0 < each < math.inf for each in (omega, slope, epsilon)):
        raise ValueError(
            f"{name}: omega, slope and epsilon must be positive and finite, got {omega}, {slope} and {epsilon}"
        )
    (pred, target), mask = read_elements(name, {"pred": pred, "target": target}, mask, inner=1)
    error = (pred - target).abs()
    inner = error.clamp(max=omega)
    outer = (error.clamp(min=omega) / epsilon).log1p() - math.log1p(omega / epsilon)  # 0 up to omega
    weights = read_weights(name, weights, pred, mask, inner=1, whole="landmark", part="coordinate")
    return reduce_elements(inner + slope * outer, mask, reduction, weights=weights)

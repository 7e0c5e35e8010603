"""The area term: every stretch of surface costs something, so sheets that no data support shrink away."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_elements, reduce_elements


@checked
def surface_area_loss(
    values: Float[Tensor, "*b"],
    *,
    alpha: float = 100.0,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """exp(-alpha |f|) of every field value, a soft count of the points near the zero level set.

    For points uniform in a region of volume V, ``alpha / 2 * V * loss`` tends, as alpha grows, to the integral of
    1 / |grad f| over the surface inside it: its area, if f is a distance. The relative error is about (curvature /
    alpha)^2. What counts is a layer some 2 / alpha thick (alpha is in 1 / unit of f); enough points must fall into it.

    Args:
        values: Field values f at points uniform in space, shape (...,).
        alpha: Sharpness, positive; 100 suits shapes whose longest side is 1.
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real values, or "none" for shape (...,).

    Returns:
        Scalar or (...,), between 0 and 1 for each value; the mean of none is 0.

    Raises:
        ValueError: A shape, the mask's dtype, alpha or the reduction is wrong.

    Differentiable, with subgradient 0 where f is exactly 0. Source: the last term of the SIREN loss, Sitzmann et al.,
    NeurIPS 2020; alpha 100 as in the comparison runs of Haerenstam-Nielsen et al., DiffCD, ECCV 2024.

    >>> surface_area_loss(torch.tensor([0.0, 0.01, -0.01]), reduction="none")
    tensor([1.0000, 0.3679, 0.3679])
    """
    if not alpha > 0:
        raise ValueError(f"surface_area_loss: alpha must be positive, got {alpha}")
    (values,), mask = read_elements("surface_area_loss", {"values": values}, mask, inner=0)
    return reduce_elements(torch.exp(-alpha * values.abs()), mask, reduction)

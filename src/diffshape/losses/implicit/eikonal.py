"""The eikonal term: a distance field has slope 1 everywhere."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, check_mask, read_elements, reduce_elements


@checked
def eikonal_loss(
    gradients: Float[Tensor, "*b d"],
    *,
    squared: bool = True,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """(1 - |g|)^2 of every gradient g, or |1 - |g|| if not ``squared``.

    Args:
        gradients: Gradients of a field in its points, shape (..., D), for instance from ``field.value_and_gradient``.
        squared: Use (1 - |g|)^2, as IGR has it, and not |1 - |g||, as SIREN has it.
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real gradients, or "none" for shape (...,).

    Returns:
        Scalar or (...,), >= 0, 0 for unit gradients; the mean of none is 0.

    Raises:
        ValueError: A shape, the mask's dtype or the reduction is wrong.

    Differentiable; a gradient that is exactly 0 has loss 1 and the subgradient 0, as has |1 - |g|| at |g| = 1. Source:
    Gropp et al., IGR, ICML 2020, the second term of its loss; not squared: Sitzmann et al., SIREN, NeurIPS 2020.

    >>> eikonal_loss(torch.tensor([[0.0, 3.0, 4.0], [0.0, 0.0, 1.0]]))
    tensor(8.)
    """
    if gradients.ndim < 1:
        raise ValueError("eikonal_loss: gradients must have shape (..., D), got a scalar")
    check_mask("eikonal_loss", mask, gradients.shape[:-1], "gradients without its last dimension")
    (gradients,), _ = read_elements("eikonal_loss", {"gradients": gradients}, mask, inner=1)
    errors = 1 - torch.linalg.vector_norm(gradients, dim=-1)
    return reduce_elements(errors.square() if squared else errors.abs(), mask, reduction)

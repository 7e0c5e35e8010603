"""Terms on the second derivatives H of a field: a distance bends little, and not at all along its own gradient g.

Without them a network that follows points without normals may stop at a field whose slope is 1 everywhere but whose
zero set is a crumpled sheet.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_elements, read_points, reduce_elements


@checked
def divergence_loss(
    laplacians: Float[Tensor, "*b"],
    *,
    low: float = 0.1,
    high: float = 50.0,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """min(max(|tr H|, low), high) of every Laplacian tr H, the divergence of the gradient.

    Args:
        laplacians: Laplacians of a field in its points, shape (...,), as ``field.second_order(points)`` gives them; in
            1 / unit of length. The defaults of ``low`` and ``high`` suit shapes about 2 long, in [-1, 1]^3.
        low: Size below which a Laplacian costs no less, >= 0: a smooth surface has some.
        high: Size above which a Laplacian costs no more, > ``low``: it is infinite where a distance has a ridge.
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real points, or "none" for shape (...,).

    Returns:
        Scalar or (...,), between ``low`` and ``high`` for each point; the mean of none is 0.

    Raises:
        ValueError: A shape, the mask's dtype, ``low``, ``high`` or the reduction is wrong.

    Differentiable, with gradient 0 outside (low, high). Source: Ben-Shabat, Koneputugodage, Gould, DiGS, CVPR 2022,
    whose code has these bounds; used away from the surface, with a weight that falls to 0 early in a fit.

    >>> import torch
    >>> divergence_loss(torch.tensor([0.01, -4.0, 900.0]), reduction="none")
    tensor([ 0.1000,  4.0000, 50.0000])
    """
    if not 0 <= low < high:
        raise ValueError(f"divergence_loss: need 0 <= low < high, got low {low} and high {high}")
    (laplacians,), mask = read_elements("divergence_loss", {"laplacians": laplacians}, mask, inner=0)
    return reduce_elements(laplacians.abs().clamp(low, high), mask, reduction)


@checked
def directional_divergence_loss(
    curvatures: Float[Tensor, "*b"],
    gradients: Float[Tensor, "*b d"],
    *,
    epsilon: float = 1e-5,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """|g^T H g| / (|g|^2 + epsilon) of every point: how much a field bends along its own gradient g.

    Args:
        curvatures: g^T H g, shape (...,), as ``field.second_order(points, along="gradient")`` gives it.
        gradients: The gradients g in the same points, shape (..., D).
        epsilon: Number that keeps the quotient finite where g is 0, > 0.
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real points, or "none" for shape (...,).

    Returns:
        Scalar or (...,), >= 0, in 1 / unit of length; 0 for a distance; the mean of none is 0.

    Raises:
        ValueError: A shape, the mask's dtype, ``epsilon`` or the reduction is wrong.

    Differentiable in both arguments. Unlike the Laplacian it leaves a curved surface alone, and costs one product with
    H. Source: Yang, Sun, Sundaramoorthi, Yezzi, StEik, NeurIPS 2023.

    >>> import torch
    >>> directional_divergence_loss(torch.tensor([-8.0]), torch.tensor([[0.0, 0.0, 2.0]]))
    tensor(2.0000)
    """
    name = "directional_divergence_loss"
    if not epsilon > 0:
        raise ValueError(f"{name}: epsilon must be positive, got {epsilon}")
    curvatures, (gradients,) = read_points(name, ("curvatures", curvatures), {"gradients": gradients}, mask)
    return reduce_elements(curvatures.abs() / (gradients.square().sum(-1) + epsilon), mask, reduction)

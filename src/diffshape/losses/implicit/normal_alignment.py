"""The normal term: the gradient of a field points along the normals of its surface."""

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.directions import unit_vectors
from diffshape.losses.reduction import Reduction, check_mask, read_elements, reduce_elements


@checked
def normal_alignment_loss(
    gradients: Float[Tensor, "*b d"],
    normals: Float[Tensor, "*b d"],
    *,
    oriented: bool = True,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """1 - cos(g, n) of every gradient g and the normal n at its point; 1 - |cos(g, n)| if not ``oriented``.

    Args:
        gradients: Gradients of a field in points of the surface, shape (..., D), D >= 1.
        normals: Normals there that point outside, the same shape, of any length.
        oriented: Whether a flipped normal is wrong (cos) or the same (\\|cos\\|).
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real points, or "none" for shape (...,).

    Returns:
        Scalar or (...,), in [0, 2], or [0, 1] if not ``oriented``; the mean of none is 0.

    Raises:
        ValueError: A shape, a dtype or the reduction is wrong.

    Differentiable; only directions count. Where g or n is exactly 0 the value is 1 and the gradient 0. Source: Sitzmann
    et al., SIREN, NeurIPS 2020, third term of its loss; not oriented as in Ben-Shabat et al., DiGS, CVPR 2022.

    >>> gradients = torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, -1.0]])
    >>> normal_alignment_loss(gradients, torch.tensor([[0.0, 3.0, 4.0], [0.0, 0.0, 1.0]]), reduction="none")
    tensor([0.2000, 2.0000])
    """
    if gradients.ndim < 1 or gradients.shape[-1] < 1:
        raise ValueError(
            f"normal_alignment_loss: gradients must have shape (..., D), D >= 1, got {tuple(gradients.shape)}"
        )
    check_mask("normal_alignment_loss", mask, gradients.shape[:-1], "gradients without its last dimension")
    (gradients, normals), _ = read_elements(
        "normal_alignment_loss", {"gradients": gradients, "normals": normals}, mask, inner=1
    )
    cosines = (unit_vectors(gradients) * unit_vectors(normals.to(gradients))).sum(-1)
    return reduce_elements(1 - (cosines if oriented else cosines.abs()), mask, reduction)

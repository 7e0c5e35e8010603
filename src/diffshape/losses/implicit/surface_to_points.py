"""The half of the Chamfer distance that runs from a fitted surface to the data, differentiable in the field."""

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.implicit.level_set_motion import distance_from_level_set
from diffshape.losses.reduction import Reduction, read_points, reduce_elements


@checked
def surface_to_points_loss(
    field_values: Float[Tensor, "*b"],
    gradients: Float[Tensor, "*b d"],
    surface_points: Float[Tensor, "*b d"],
    nearest_points: Float[Tensor, "*b d"],
    *,
    squared: bool = False,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Distance |x - p| from points x on the zero level set to their nearest data points p, so spurious sheets cost.

    Args:
        field_values: f(x), attached to the field's parameters, shape (...,); near 0 at a point on the level set.
        gradients: df/dx at x, shape (..., D); a constant.
        surface_points: The points x, shape (..., D); constants, however they were found.
        nearest_points: The data point nearest to each x, shape (..., D).
        squared: Use |x - p|^2.
        mask: True where x really lies on the level set (|f| small after the last pull), shape (...,).
        reduction: "mean" or "sum" over the real points, or "none" for shape (...,).

    Returns:
        Scalar or (...,), >= 0, in the points' unit (or its square); the mean of none is 0 with a zero gradient.

    Raises:
        ValueError: A shape, the mask's dtype or the reduction is wrong.

    Differentiable once in the field's parameters through ``field_values``, by the implicit motion of x
    (``level_set_motion``): -((x - p) / |x - p| . g) / |g|^2 times df/dtheta. Changes of the nearest point and of the
    density of x on the surface are not differentiated. Source: Haerenstam-Nielsen et al., DiffCD, ECCV 2024, whose mean
    of no valid point is NaN.

    >>> import torch
    >>> radius = torch.tensor(1.0, requires_grad=True)
    >>> x, p = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[3.0, 0.0, 0.0]])
    >>> loss = surface_to_points_loss(x.norm(dim=-1) - radius, x, x, p)
    >>> loss.backward()
    >>> loss.item(), radius.grad.item()  # growing the sphere brings it nearer
    (2.0, -1.0)
    """
    vectors = {"surface_points": surface_points, "gradients": gradients, "nearest_points": nearest_points}
    field_values, (surface_points, gradients, nearest_points) = read_points(
        "surface_to_points_loss", ("field_values", field_values), vectors, mask
    )
    distances = distance_from_level_set(field_values, gradients, surface_points, nearest_points, squared=squared)
    return reduce_elements(distances, mask, reduction)

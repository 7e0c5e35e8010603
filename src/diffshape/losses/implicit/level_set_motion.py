"""How the distance from a level set changes when the field does.

A point x on the level set {f(theta, .) = 0} has no formula in theta, but the implicit function theorem says how it
moves: with g = df/dx, it is carried along the normal, dx = -g (df/dtheta) / |g|^2 dtheta (sliding within the surface is
left out). So its distance d to a fixed point p changes by c df/dtheta, with t = dd/dx and c = -(t . g) / |g|^2. Adding
``c (f - f)`` to the distance, with c and the second f held constant, leaves its value and gives it this gradient, for
one backward through f. Source of the motion: Haerenstam-Nielsen et al., DiffCD, ECCV 2024.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def distance_from_level_set(
    field_values: Float[Tensor, "*b"],
    gradients: Float[Tensor, "*b d"],
    surface_points: Float[Tensor, "*b d"],
    fixed_points: Float[Tensor, "*b d"],
    *,
    squared: bool,
) -> Float[Tensor, "*b"]:
    """|x - p| or its square, exact in value, with the gradient of a point x that moves with the level set.

    Gradients and surface points act as constants. Where g is exactly 0 the surface has no normal, and where x = p
    (without ``squared``) the distance has a kink: the gradient is 0 at both.

    >>> radius = torch.tensor(1.0, requires_grad=True)
    >>> x = torch.tensor([1.0, 0.0, 0.0])
    >>> distance = distance_from_level_set(x.norm() - radius, x, x, torch.zeros(3), squared=False)
    >>> distance.backward()
    >>> distance.item(), radius.grad.item()
    (1.0, 1.0)
    """
    offset = surface_points.detach() - fixed_points
    distance = offset.square().sum(-1) if squared else torch.linalg.vector_norm(offset, dim=-1)
    with torch.no_grad():
        length = torch.linalg.vector_norm(offset, dim=-1)
        pull = 2 * offset if squared else offset / torch.where(length > 0, length, 1)[..., None]
        slope = gradients.square().sum(-1)
        speed = -(pull * gradients).sum(-1) / torch.where(slope > 0, slope, torch.inf)
    return distance + speed * (field_values - field_values.detach())

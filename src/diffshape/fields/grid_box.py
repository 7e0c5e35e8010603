"""The box that a field's grid covers, and the field outside: f(x) = f(x') + |x - x'|, x' the nearest point of the box.

Along the axes on which x lies outside, the gradient is the unit vector from x' to x; along the others it is that of f
at x'.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def nearest_in_box(
    points: Float[Tensor, "n 3"], box: tuple[float, float]
) -> tuple[Float[Tensor, "n 3"], Float[Tensor, "n 3"]]:
    """The nearest points x' of the box, and how far beyond them the points lie, x - x'.

    >>> nearest_in_box(torch.tensor([[0.5, 3.0, -1.0]]), (-1.0, 1.0))
    (tensor([[ 0.5000,  1.0000, -1.0000]]), tensor([[0., 2., 0.]]))
    """
    nearest = points.clamp(*box)
    return nearest, points - nearest


def to_unit_cube(nearest: Float[Tensor, "*b 3"], box: tuple[float, float]) -> Float[Tensor, "*b 3"]:
    """Points of the box in the unit cube, (x - low) / (high - low).

    >>> to_unit_cube(torch.tensor([[0.0, 1.0, -1.0]]), (-1.0, 1.0))
    tensor([[0.5000, 1.0000, 0.0000]])
    """
    low, high = box
    return (nearest - low) / (high - low)


def grow_outwards(values: Float[Tensor, "n"], beyond: Float[Tensor, "n 3"]) -> Float[Tensor, "n"]:
    """f(x) from f(x') and x - x'; differentiable, with gradient 0 where x - x' is 0."""
    squared = beyond.square().sum(-1)
    return values + torch.where(squared == 0, 0, torch.where(squared == 0, 1, squared).sqrt())


def turn_outwards(gradients: Float[Tensor, "n 3"], beyond: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """The gradient at x from the one at x' and x - x'."""
    squared = beyond.square().sum(-1, keepdim=True)
    outwards = beyond / torch.where(squared == 0, 1, squared).sqrt()  # a norm of 0 would have no second derivative
    return torch.where(beyond == 0, gradients, outwards)

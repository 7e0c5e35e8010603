"""The pulling loss: a step down the field, as long as its value says, must lead from a query to the scan."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.reduction import Reduction, read_points, reduce_elements


@checked
def pull_loss(
    field_values: Float[Tensor, "*b"],
    gradients: Float[Tensor, "*b d"],
    queries: Float[Tensor, "*b d"],
    nearest_points: Float[Tensor, "*b d"],
    *,
    squared: bool = False,
    mask: Bool[Tensor, "*b"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """Distance |t - (q - f g / |g|)| from a query q that was pulled by the field f to the data point t nearest to q.

    It is 0 for all queries if f is the signed distance of the data, but also if f is minus that, or its absolute value:
    what the field starts as decides which side is inside.

    Args:
        field_values: f(q), attached to the parameters of the field, shape (...,).
        gradients: g = df/dq, attached too, as ``field.value_and_gradient`` gives it, shape (..., D).
        queries: The queries q, shape (..., D), usually points of the data with noise added.
        nearest_points: The data point t nearest to each query, shape (..., D).
        squared: Use the squared distance, as equation 2 of the paper does; the code that its authors released, and the
            comparison in the code of DiffCD, use the distance.
        mask: True where real, shape (...,).
        reduction: "mean" or "sum" over the real queries, or "none" for shape (...,).

    Returns:
        Scalar or (...,), >= 0, in the unit of the points (or its square); the mean of none is 0.

    Raises:
        ValueError: A shape, the mask's dtype or the reduction is wrong.

    Differentiable in all four tensors, through the length f of the pull and through its direction g / |g|, as
    published. Where g is exactly 0 the query stays in its place, and where a pulled query meets its data point (without
    ``squared``) the distance has a kink: the gradient is 0 at both. Source: Ma, Han, Liu, Zwicker, Neural-Pull, ICML
    2021; Haerenstam-Nielsen et al., DiffCD, ECCV 2024, for the comparison.

    >>> q, t = torch.tensor([[3.0, 0.0, 4.0]]), torch.tensor([[1.2, 0.0, 1.6]])
    >>> radius = torch.tensor(1.5, requires_grad=True)  # the data lie on a sphere of radius 2
    >>> loss = pull_loss(q.norm(dim=-1) - radius, q / 5, q, t)
    >>> loss.backward()
    >>> loss.item(), radius.grad.item()
    (0.5, -1.0)
    """
    vectors = {"queries": queries, "gradients": gradients, "nearest_points": nearest_points}
    field_values, (queries, gradients, nearest_points) = read_points(
        "pull_loss", ("field_values", field_values), vectors, mask
    )
    offset = nearest_points - queries + field_values[..., None] * _directions(gradients)
    distances = offset.square().sum(-1) if squared else torch.linalg.vector_norm(offset, dim=-1)
    return reduce_elements(distances, mask, reduction)


def _directions(gradients: Float[Tensor, "*b d"]) -> Float[Tensor, "*b d"]:
    """g / |g|; 0 without a gradient where g is exactly 0."""
    length = torch.linalg.vector_norm(gradients, dim=-1, keepdim=True)
    flat = length == 0
    return torch.where(flat, 0, gradients) / torch.where(flat, 1, length)

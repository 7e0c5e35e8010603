"""The earth mover's distance between clouds of equally many points, over bijections."""

from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape import ops
from diffshape._arguments import checked
from diffshape.losses.points.arguments import read_point_sets
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.neighbors.squared_distances import distance_from_squared


@checked
def earth_mover_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b n d"],
    *,
    solver: Literal["exact", "auction"] = "exact",
    epsilon: float | None = None,
    squared: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b n"] | None = None,
    point_reduction: Literal["mean", "sum"] = "mean",
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """min over bijections phi from x to y of mean_i |x_i - phi(x_i)|.

    Args:
        x: Points, shape (B, N, D) or (N, D).
        y: As many points, same shape, unit, dtype and device.
        solver: "exact" for the optimum; "auction" for a bijection whose cost is at most 1 + ``epsilon`` times it.
        epsilon: For the auction only; 0.01 if ``None``.
        squared: Use |x_i - phi(x_i)|^2, in the choice of the bijection and in the value.
        x_mask: True where a point of ``x`` is real, shape (B, N) or (N,).
        y_mask: True where a point of ``y`` is real, as many in every sample as of ``x``.
        point_reduction: "mean" over the points of a sample, or "sum", as in Fan et al.; published tables differ.
        reduction: "mean" or "sum" over samples, or "none" for shape (B,), or () of a single sample.

    Returns:
        Scalar or (B,), >= 0, in the points' unit (or its square); 0 only for clouds that are equal as multisets. Half
        precision is computed and returned in float32.

    Raises:
        ValueError: A shape, dtype or option is wrong, there are not as many real points on each side (then the distance
            is no matter of bijections), a sample has none, or a real coordinate is not finite.

    The bijection is found without gradient (`ops.assign`); the distances of its pairs are differentiable to any order
    in both clouds, almost everywhere with the derivatives of the minimum, and with 0 at coincident points.
    Source: Fan, Su, Guibas, A Point Set Generation Network, CVPR 2017.

    >>> import torch
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]], requires_grad=True)
    >>> distance = earth_mover_distance(x, torch.tensor([[1.0, 2.0], [0.0, 0.0]]))
    >>> distance.backward()
    >>> distance.item(), x.grad.tolist()
    (1.0, [[0.0, 0.0], [0.0, -0.5]])
    """
    name = "earth_mover_distance"
    if x.shape[-2:-1] != y.shape[-2:-1]:
        raise ValueError(f"{name}: needs as many points on each side, got shapes {tuple(x.shape)} and {tuple(y.shape)}")
    if point_reduction not in ("mean", "sum"):
        raise ValueError(f'{name}: point_reduction must be "mean" or "sum", got {point_reduction!r}')
    x_set, y_set = read_point_sets(name, x, y, x_mask=x_mask, y_mask=y_mask)
    indices = ops.assign(
        x_set.points,
        y_set.points,
        solver=solver,
        epsilon=epsilon,
        squared=squared,
        x_mask=x_set.mask,
        y_mask=y_set.mask,
    )
    matched = y_set.points.gather(1, indices[..., None].expand_as(y_set.points))
    distances = (x_set.points - matched).square().sum(-1)
    if not squared:
        distances = distance_from_squared(distances)
    values = x_set.mean(distances) if point_reduction == "mean" else x_set.sum(distances)
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)

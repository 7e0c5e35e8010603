"""The Chamfer distance and the disagreement of normals at the same neighbours, from one search."""

from typing import Literal, NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape.losses.points.arguments import distances_both_ways, read_squared
from diffshape.losses.points.chamfer import reduce_points
from diffshape.losses.points.chamfer_normals import normal_disagreement, read_oriented_sets
from diffshape.losses.reduction import Reduction, reduce_elements


class ChamferWithNormals(NamedTuple):
    """Distances and normals, direction by direction, each differentiable."""

    x_to_y: Float[Tensor, "*out"]
    """Mean or sum of the distances from x to y."""
    y_to_x: Float[Tensor, "*out"]
    """Mean or sum of the distances from y to x."""
    x_to_y_normals: Float[Tensor, "*out"]
    """Mean of 1 - cos between the normals of x and those of their neighbours in y."""
    y_to_x_normals: Float[Tensor, "*out"]
    """Mean of 1 - cos between the normals of y and those of their neighbours in x."""

    __repr__ = one_line

    @property
    def distance(self) -> Float[Tensor, "*out"]:
        """`chamfer_distance` of both directions."""
        return self.x_to_y + self.y_to_x

    @property
    def normals(self) -> Float[Tensor, "*out"]:
        """`chamfer_normal_loss` of both directions."""
        return self.x_to_y_normals + self.y_to_x_normals


@checked
def chamfer_with_normals(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    x_normals: Float[Tensor, "*b n d"],
    y_normals: Float[Tensor, "*b m d"],
    *,
    squared: bool | None = None,
    norm: Literal[1, 2] = 2,
    oriented: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    point_reduction: Literal["mean", "sum"] = "mean",
    reduction: Reduction = "mean",
) -> ChamferWithNormals:
    """`chamfer_distance` and `chamfer_normal_loss`, at the price of one of them.

    With j(i) and i(j) the nearest neighbours, q = 2 (squared) or 1,

        x_to_y = mean_i |x_i - y_j(i)|^q,    x_to_y_normals = mean_i (1 - cos(n_i, n'_j(i)))

    and the same from y to x, with |cos| unless ``oriented``. A loss is ``found.distance + weight * found.normals``.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device.
        x_normals: Normals of ``x``, same shape, of any length; those of length 0 are unknown and not counted.
        y_normals: Normals of ``y``, same shape, of any length; those of length 0 are unknown and not counted.
        squared: Squared distances, in u^2, or plain ones, in u; by default squared for ``norm=2``, and plain for
            ``norm=1``, which has no others.
        norm: 2 for Euclidean distances; 1 for Manhattan ones, sum_d |x_d - y_d|.
        oriented: Whether a flipped normal is wrong (cos) or the same (\\|cos\\|).
        x_mask: Which points of ``x`` are real; masked ones, and their normals, may hold anything.
        y_mask: Which points of ``y`` are real.
        point_reduction: How the distances of one direction become one number, "mean" or "sum"; normals are always
            averaged.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        See :class:`ChamferWithNormals`: four numbers, or four of shape (B,) for "none". Distances are >= 0; normals in
        [0, 1] a direction, or [0, 2] if ``oriented``, and 0 for a direction without known normals.

    Raises:
        ValueError: A shape, dtype, device or option does not fit, a sample has no real point, or a coordinate is not
            finite.

    Distances are twice differentiable in the points, normals in the normals. Source: Ravi et al., Accelerating 3D Deep
    Learning with PyTorch3D, 2020, section 3.1.

    >>> import torch
    >>> x, y = torch.zeros(1, 3), torch.tensor([[0.0, 0.0, 2.0]])
    >>> found = chamfer_with_normals(x, y, torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[0.0, 3.0, 4.0]]))
    >>> found.distance, found.x_to_y_normals  # 4 + 4, and 1 - 0.8
    (tensor(8.), tensor(0.2000))
    """
    name = "chamfer_with_normals"
    squared = read_squared(name, squared, norm)
    if point_reduction not in ("mean", "sum"):
        raise ValueError(f'{name}: point_reduction must be "mean" or "sum", got {point_reduction!r}')
    (x_set, x_units), (y_set, y_units) = read_oriented_sets(
        name, x, y, x_normals, y_normals, x_mask=x_mask, y_mask=y_mask
    )
    (x_distances, to_y), (y_distances, to_x) = distances_both_ways(x_set, y_set, squared=squared, norm=norm)
    values = (
        reduce_points(x_set, x_distances, point_reduction),
        reduce_points(y_set, y_distances, point_reduction),
        normal_disagreement(x_units, y_units, to_y, oriented),
        normal_disagreement(y_units, x_units, to_x, oriented),
    )
    return ChamferWithNormals(*(reduce_elements(each.reshape(x.shape[:-2]), None, reduction) for each in values))

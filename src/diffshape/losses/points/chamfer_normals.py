"""How well the normals of two oriented point sets agree where the points are nearest.

    loss = mean_i (1 - cos(n_i, n'_j(i))) + mean_j (1 - cos(n'_j, n_i(j))),    j(i), i(j) nearest neighbours

with |cos| where normals have no side. 0 is best; each direction reaches 1 with |cos|, else 2. Source: Ravi et al.,
Accelerating 3D Deep Learning with PyTorch3D, 2020, section 3.1 (the normal distance beside the Chamfer distance).
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.directions import unit_vectors
from diffshape.losses.points.arguments import PointSet, distances_both_ways, read_point_sets
from diffshape.losses.reduction import Reduction, check_same_shape, mean_of_each, reduce_elements
from diffshape.ops.checks import finite
from diffshape.ops.neighbors.gather_points import gather_rows


@checked
def chamfer_normal_loss(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    x_normals: Float[Tensor, "*b n d"],
    y_normals: Float[Tensor, "*b m d"],
    *,
    oriented: bool = False,
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """mean_i (1 - |cos(n_i, n'_j(i))|) + mean_j (1 - |cos(n'_j, n_i(j))|), j(i) and i(j) nearest neighbours.

    Without the absolute values if the normals are ``oriented``.

    Args:
        x: Points, shape (B, N, D) or (N, D).
        y: Points, shape (B, M, D) or (M, D), same dtype and device.
        x_normals: Normals of ``x``, same shape, of any length; those of length 0 are unknown and not counted.
        y_normals: Normals of ``y``, same shape, of any length; those of length 0 are unknown and not counted.
        oriented: Whether a flipped normal is wrong (cos) or the same (\\|cos\\|).
        x_mask: Which points of ``x`` are real; masked ones, and their normals, may hold anything.
        y_mask: Which points of ``y`` are real.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number in [0, 2], or [0, 4] if ``oriented``; (B,) for "none". A direction without known normals counts 0.

    Raises:
        ValueError: A shape, dtype or device does not fit, a sample has no real point, or a coordinate or a normal is
            not finite.

    Differentiable in the normals; the points only choose neighbours. `chamfer_with_normals` gives the Chamfer distance
    with it, from one search.

    >>> x = torch.tensor([[0.0, 0.0, 0.0]])
    >>> up, tilted = torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[0.0, 3.0, 4.0]])
    >>> chamfer_normal_loss(x, x, up, tilted)  # 1 - 0.8, twice
    tensor(0.4000)
    """
    (x_set, x_units), (y_set, y_units) = read_oriented_sets(
        "chamfer_normal_loss", x, y, x_normals, y_normals, x_mask=x_mask, y_mask=y_mask
    )
    (_, to_y), (_, to_x) = distances_both_ways(x_set, y_set, squared=True)
    values = normal_disagreement(x_units, y_units, to_y, oriented) + normal_disagreement(
        y_units, x_units, to_x, oriented
    )
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def read_oriented_sets(
    function: str,
    x: Tensor,
    y: Tensor,
    x_normals: Tensor,
    y_normals: Tensor,
    *,
    x_mask: Tensor | None,
    y_mask: Tensor | None,
) -> tuple[tuple[PointSet, Float[Tensor, "b n d"]], tuple[PointSet, Float[Tensor, "b m d"]]]:
    """Both sides of a loss on points with normals, each with its unit normals."""
    check_same_shape(function, "x_normals", x_normals, x.shape, "x")
    check_same_shape(function, "y_normals", y_normals, y.shape, "y")
    x_set, y_set = read_point_sets(function, x, y, x_mask=x_mask, y_mask=y_mask)
    return (
        (x_set, _unit_normals(function, "x_normals", x_normals, x_set)),
        (y_set, _unit_normals(function, "y_normals", y_normals, y_set)),
    )


def _unit_normals(function: str, name: str, normals: Tensor, points: PointSet) -> Float[Tensor, "b n d"]:
    """Normals of length 1, or 0 where unknown or masked, shaped and typed like the points."""
    normals = normals.reshape(points.points.shape).to(points.points)
    if points.mask is not None:
        normals = torch.where(points.mask[..., None], normals, 0)
    return unit_vectors(finite(function, name, normals))


def normal_disagreement(units: Tensor, other_units: Tensor, indices: Tensor, oriented: bool) -> Float[Tensor, "b"]:
    """Mean of 1 - cos over the points of one set whose normal is known, as is their neighbour's."""
    theirs = gather_rows(other_units, indices[..., None]).squeeze(-2)
    known = (units != 0).any(-1) & (theirs != 0).any(-1)
    cosine = (units * theirs).sum(-1)
    return mean_of_each(1 - (cosine if oriented else cosine.abs()), known)

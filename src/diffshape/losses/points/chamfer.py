"""The Chamfer distance between two sets of points.

    a_i = min_j |x_i - y_j|^q,   b_j = min_i |x_i - y_j|^q,   q = 2 (squared) or 1,

    chamfer = reduce_i a_i + reduce_j b_j        reduce = mean, sum, or max (then the larger of the two, not their sum)

Distances are Euclidean, or with ``norm=1`` Manhattan: a_i = min_j sum_d |x_id - y_jd|. What most papers call "L1
Chamfer" is not that but the Euclidean distance without its square, ``squared=False``. Nothing is halved: papers differ
in that, in the root, and in mean or sum, and `metrics.compare_points` has their conventions by name. Source: Fan, Su,
Guibas, A Point Set Generation Network for 3D Object Reconstruction from a Single Image, CVPR 2017, section 3.2 (there:
squared, sums).
"""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape.losses.points.arguments import (
    PointSet,
    distances_both_ways,
    distances_to_nearest,
    read_point_sets,
    read_squared,
)
from diffshape.losses.reduction import Reduction, reduce_elements
from diffshape.ops.neighbors.both_ways import can_search_both_ways, mean_both_ways

PointReduction = Literal["mean", "sum", "max"]
Direction = Literal["both", "x_to_y", "y_to_x"]


@checked
def chamfer_distance(
    x: Float[Tensor, "*b n d"],
    y: Float[Tensor, "*b m d"],
    *,
    squared: bool | None = None,
    norm: Literal[1, 2] = 2,
    direction: Direction = "both",
    x_mask: Bool[Tensor, "*b n"] | None = None,
    y_mask: Bool[Tensor, "*b m"] | None = None,
    x_weights: Float[Tensor, "*b n"] | None = None,
    y_weights: Float[Tensor, "*b m"] | None = None,
    point_reduction: PointReduction = "mean",
    reduction: Reduction = "mean",
) -> Float[Tensor, "*out"]:
    """reduce_i min_j |x_i - y_j|^q + reduce_j min_i |x_i - y_j|^q, with q = 2 (``squared``) or 1.

    The distances are Euclidean, nothing is halved. reduce is the mean, the sum, or the maximum, of which the larger one
    counts and not the sum of both.

    Args:
        x: Points, shape (B, N, D) or (N, D), in any unit of length u.
        y: Points, shape (B, M, D) or (M, D), same unit, dtype and device; M may differ from N.
        squared: Squared distances, in u^2, or plain ones, in u; by default squared for ``norm=2``, and plain for
            ``norm=1``, which has no others.
        norm: 2 for Euclidean distances; 1 for Manhattan ones, sum_d |x_d - y_d|, by which neighbours are found too. "L1
            Chamfer" in most papers is ``squared=False`` with ``norm=2``.
        direction: "x_to_y" has only the distances from x to y (a_i), "y_to_x" only the other (b_j).
        x_mask: Which points of ``x`` are real; masked ones may hold anything and are neither counted nor found.
        y_mask: Which points of ``y`` are real.
        x_weights: Weights of the distances of the points of ``x``, shape (B, N) or (N,): not negative and not all 0. A
            mean divides by their sum. A point of weight 0 is still found by the other side; mask it if it should not
            be.
        y_weights: Weights of the points of ``y``, shape (B, M) or (M,).
        point_reduction: How the distances of one direction become one number: "mean", "sum" or "max". "max" takes no
            weights and keeps the larger direction: unsquared, that is the Hausdorff distance.
        reduction: Over the samples of the batch: "mean", "sum" or "none".

    Returns:
        A number >= 0, or (B,) for "none"; float32 for half precision, else the dtype of ``x``.

    Raises:
        ValueError: A shape, dtype or device does not fit, a sample has no real point, or a coordinate is not finite.

    Exact and twice differentiable in both sets, with gradient 0 at coincident points. `chamfer_per_point` has the
    distances before they are reduced, with indices; `chamfer_with_normals` compares normals in the same search. Time
    O((N + M) log(N + M)) on the CPU in up to three dimensions, memory O(N + M).

    >>> x = torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    >>> y = torch.tensor([[0.0, 0.0, 1.0]])
    >>> chamfer_distance(x, y)  # (1 + 10) / 2 + 1
    tensor(6.5000)
    """
    squared = read_squared("chamfer_distance", squared, norm)
    _check_choices(point_reduction, direction, x_weights, y_weights)
    x_set, y_set = read_point_sets(
        "chamfer_distance", x, y, x_mask=x_mask, y_mask=y_mask, x_weights=x_weights, y_weights=y_weights
    )
    weighted = x_set.weights is not None or y_set.weights is not None
    plain = direction == "both" and squared and norm == 2 and point_reduction == "mean" and not weighted
    if plain and can_search_both_ways(x_set.points, y_set.points):
        values = mean_both_ways(x_set.points, y_set.points)
    elif direction == "both":
        (x_distances, _), (y_distances, _) = distances_both_ways(x_set, y_set, squared=squared, norm=norm)
        there = reduce_points(x_set, x_distances, point_reduction)
        back = reduce_points(y_set, y_distances, point_reduction)
        values = torch.maximum(there, back) if point_reduction == "max" else there + back
    else:
        points, others = (x_set, y_set) if direction == "x_to_y" else (y_set, x_set)
        distances, _ = distances_to_nearest(points, others, squared=squared, norm=norm)
        values = reduce_points(points, distances, point_reduction)
    return reduce_elements(values.reshape(x.shape[:-2]), None, reduction)


def reduce_points(
    points: PointSet, distances: Float[Tensor, "b n"], point_reduction: PointReduction
) -> Float[Tensor, "b"]:
    """The distances of a set's points as one number a sample."""
    if point_reduction == "max":
        return distances.max(-1).values  # 0 where masked, and no distance is smaller
    return points.mean(distances) if point_reduction == "mean" else points.sum(distances)


def _check_choices(point_reduction: str, direction: str, *weights: Tensor | None) -> None:
    if point_reduction not in ("mean", "sum", "max"):
        raise ValueError(f'chamfer_distance: point_reduction must be "mean", "sum" or "max", got {point_reduction!r}')
    if direction not in ("both", "x_to_y", "y_to_x"):
        raise ValueError(f'chamfer_distance: direction must be "both", "x_to_y" or "y_to_x", got {direction!r}')
    if point_reduction == "max" and any(each is not None for each in weights):
        raise ValueError('chamfer_distance: point_reduction="max" takes no weights; mask the points it should ignore')

"""The F-score of a reconstruction: what share of it is right, and what share of the truth it has found."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import line_of_text, plain_values


class FScore(NamedTuple):
    """Three shares from 0 to 1, float64."""

    f_score: Float[Tensor, "*b"]
    """2 precision recall / (precision + recall); 0 where both are 0."""
    precision: Float[Tensor, "*b"]
    """Share of the prediction's points nearer to the truth than the threshold."""
    recall: Float[Tensor, "*b"]
    """Share of the truth's points nearer to the prediction than the threshold."""

    __repr__ = one_line
    __str__ = line_of_text
    to_dict = plain_values


@checked
def f_score(pred_to_truth: Float[Tensor, "*b n"], truth_to_pred: Float[Tensor, "*b m"], *, threshold: float) -> FScore:
    """F-score from the distances in both directions, of points to points or of points to surfaces.

    A point is a hit if its distance is strictly below the threshold, as in Tanks and Temples. Distances are Euclidean,
    not squared: squares with a threshold of 0.001 mean a radius of 0.03.

    Args:
        pred_to_truth: Distance of each point of the prediction to the truth, shape (..., N).
        truth_to_pred: Distance of each point of the truth to the prediction, shape (..., M).
        threshold: In the unit of the distances, positive.

    Returns:
        ``f_score``, ``precision`` and ``recall``, each of shape (...,). The share of no points is 0, that of
        distances of which one is NaN is NaN; infinite ones are misses.

    Raises:
        ValueError: The leading shapes differ, or the threshold is not positive.

    Source: Knapitsch, Park, Zhou, Koltun, Tanks and Temples, SIGGRAPH 2017, section 3.4.

    >>> from diffshape import ops
    >>> truth, pred = torch.tensor([[0.0, 0, 0], [10, 0, 0]]), torch.tensor([[0.0, 0, 0], [0, 0, 0], [100, 0, 0]])
    >>> there, back = ops.nearest_neighbors(pred, truth), ops.nearest_neighbors(truth, pred)
    >>> score = f_score(there.squared_distances.sqrt(), back.squared_distances.sqrt(), threshold=1.0)
    >>> [round(share.item(), 3) for share in score]  # 2/3 are right, 1/2 is found
    [0.571, 0.667, 0.5]
    """
    if pred_to_truth.shape[:-1] != truth_to_pred.shape[:-1] or 0 in (pred_to_truth.ndim, truth_to_pred.ndim):
        wanted = ", ".join(map(str, (*pred_to_truth.shape[:-1], "M")))
        raise ValueError(
            f"f_score: truth_to_pred must have shape ({wanted}) like pred_to_truth, got {tuple(truth_to_pred.shape)}"
        )
    if not threshold > 0:
        raise ValueError(f"f_score: threshold must be positive, got {threshold}")
    precision, recall = (
        torch.where(distances.isnan(), torch.nan, (distances < threshold).double()).sum(-1)
        / max(distances.shape[-1], 1)
        for distances in (pred_to_truth, truth_to_pred)
    )
    total = precision + recall
    return FScore(2 * precision * recall / torch.where(total == 0, 1, total), precision, recall)

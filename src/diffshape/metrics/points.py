"""How far one point cloud is from another, under the names and conventions that papers use.

With a_i = min_t |p_i - t| for the N points p of the prediction and b_j = min_p |p - t_j| for the M points t of the
truth, "Chamfer distance" means at least five different numbers; `PointScore` has them, each with where it comes from.
"""

from dataclasses import dataclass
from typing import Any

from diffshape._arguments import checked
from diffshape._reprs import one_line
from diffshape._scores import line_of_text, plain_values
from diffshape.metrics.f_score import f_score
from diffshape.metrics.number_input import read_points
from diffshape.ops import assign, nearest_neighbors


@dataclass(frozen=True, kw_only=True)
class PointScore:
    """Differences of a predicted cloud from the true one, in the unit u of the points unless said otherwise.

    a are the distances from the predicted points to their nearest true ones, b those from the true points back.

    Attributes:
        accuracy: mean a: how far what was predicted is from the truth.
        completeness: mean b: how far the truth is from what was predicted.
        chamfer_l1: (mean a + mean b) / 2. "Chamfer-L1" of Occupancy Networks (there in tenths of the longest side of
            the box), "CD-P" in completion (there times 1000).
        chamfer_l2: mean a^2 + mean b^2, in u^2. "CD-T" in completion (times 1000 or 10000), PyTorch3D and Kaolin. The
            "Chamfer-L2" of Occupancy Networks is half of it.
        chamfer_sum: sum a^2 + sum b^2, in u^2, which grows with the number of points. Fan et al. 2017 and
            latent_3d_points.
        hausdorff: max(max a, max b).
        f_score: 2 precision recall / (precision + recall) at ``threshold``, from 0 to 1.
        precision: Share of the prediction nearer to the truth than ``threshold`` (strictly).
        recall: Share of the truth nearer to the prediction than ``threshold``.
        threshold: Distance of F-score, precision and recall.
        earth_mover: Mean distance over the best bijection; times N it is the sum of Fan et al. ``None`` unless both
            clouds have equally many points, and not more than were asked for.
    """

    accuracy: float
    completeness: float
    chamfer_l1: float
    chamfer_l2: float
    chamfer_sum: float
    hausdorff: float
    f_score: float
    precision: float
    recall: float
    threshold: float
    earth_mover: float | None

    __repr__ = one_line
    __str__ = line_of_text
    to_dict = plain_values


@checked
def compare_points(pred: Any, truth: Any, *, threshold: float = 0.01, earth_mover_points: int = 4096) -> PointScore:
    """Score a predicted point cloud against the true one.

    Args:
        pred: Points, shape (N, D), NumPy or torch, a file or ``PointCloud``, in any unit; computed in float64.
        truth: Points, shape (M, D), in the same unit.
        threshold: Distance below which a point counts as right, positive; 0.01 suits shapes of size 1.
        earth_mover_points: The most points for which the earth mover's distance is computed; it takes a fraction of a
            second at 4,096 and grows by about the square. 0 leaves it out.

    Returns:
        See :class:`PointScore`.

    Raises:
        ValueError: A cloud is empty, not (N, D) or not finite, the dimensions differ, or ``threshold`` is not positive.

    Two samples of one surface are not at distance 0: between N even samples the distances have a floor of about half
    the spacing. `compare_surfaces` has none.

    >>> score = compare_points([[0.0, 0.0], [3.0, 0.0]], [[0.0, 1.0], [3.0, 0.0]])
    >>> score.chamfer_l1, score.chamfer_l2, score.chamfer_sum, score.earth_mover
    (0.5, 1.0, 2.0, 0.5)
    """
    x, y = (read_points("compare_points", name, points) for name, points in (("pred", pred), ("truth", truth)))
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"compare_points: truth must have {x.shape[1]} coordinates a point like pred, got {y.shape[1]}"
        )
    there, back = (nearest_neighbors(*pair).squared_distances for pair in ((x, y), (y, x)))
    a, b = there.sqrt(), back.sqrt()
    shares = f_score(a, b, threshold=threshold)
    return PointScore(
        accuracy=a.mean().item(),
        completeness=b.mean().item(),
        chamfer_l1=(a.mean() + b.mean()).item() / 2,
        chamfer_l2=(there.mean() + back.mean()).item(),
        chamfer_sum=(there.sum() + back.sum()).item(),
        hausdorff=max(a.max().item(), b.max().item()),
        f_score=shares.f_score.item(),
        precision=shares.precision.item(),
        recall=shares.recall.item(),
        threshold=threshold,
        earth_mover=(x - y[assign(x, y)]).norm(dim=1).mean().item() if len(x) == len(y) <= earth_mover_points else None,
    )

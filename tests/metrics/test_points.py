"""compare_points: every convention by hand, its relations to the losses, and bad input."""

import numpy as np
import pytest
import torch

from diffshape import losses, metrics
from diffshape.data import clean_points

PRED = torch.tensor([[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]])
TRUTH = torch.tensor([[0.0, 1.0], [6.0, 4.0], [0.0, 3.0]])
# a: 1, 1, 5     b: 1, 5, 3


def test_hand_computed_values():
    score = metrics.compare_points(PRED, TRUTH, threshold=3.0)
    assert score.accuracy == pytest.approx(7 / 3)
    assert score.completeness == pytest.approx(3)
    assert score.chamfer_l1 == pytest.approx((7 / 3 + 3) / 2)
    assert score.chamfer_l2 == pytest.approx(27 / 3 + 35 / 3)
    assert score.chamfer_sum == pytest.approx(62)
    assert score.hausdorff == pytest.approx(5)
    assert (score.precision, score.recall) == pytest.approx((2 / 3, 1 / 3))  # strictly nearer than 3
    assert score.f_score == pytest.approx(4 / 9)
    assert score.earth_mover == pytest.approx((1 + 5 + 3) / 3)


def test_the_values_are_those_of_the_losses():
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(50, 3, generator=generator).double() for _ in range(2))
    score = metrics.compare_points(x, y)
    assert score.chamfer_l2 == pytest.approx(losses.chamfer_distance(x, y).item(), rel=1e-12)
    assert score.chamfer_l1 == pytest.approx(losses.chamfer_distance(x, y, squared=False).item() / 2, rel=1e-12)
    assert score.chamfer_sum == pytest.approx(losses.chamfer_distance(x, y, point_reduction="sum").item(), rel=1e-12)
    assert score.hausdorff == pytest.approx(losses.hausdorff_distance(x, y).item(), rel=1e-12)
    assert score.earth_mover == pytest.approx(losses.earth_mover_distance(x, y).item(), rel=1e-12)


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor, lambda points: points.tolist(), lambda p: p.half()])
def test_any_kind_of_array_gives_the_same(kind):
    assert metrics.compare_points(kind(PRED), kind(TRUTH)) == metrics.compare_points(PRED, TRUTH)


def test_the_earth_mover_is_left_out_where_it_is_not_defined_or_not_asked_for():
    assert metrics.compare_points(PRED, TRUTH[:2]).earth_mover is None
    assert metrics.compare_points(PRED, TRUTH, earth_mover_points=2).earth_mover is None
    assert metrics.compare_points(PRED, TRUTH, earth_mover_points=3).earth_mover is not None


def test_a_cloud_against_itself_scores_zero():
    score = metrics.compare_points(TRUTH, TRUTH.flip(0))
    assert (score.chamfer_l1, score.chamfer_l2, score.hausdorff, score.earth_mover, score.f_score) == (0, 0, 0, 0, 1)


def test_the_score_is_plain_numbers():
    assert all(isinstance(value, float) for value in metrics.compare_points(PRED, TRUTH).to_dict().values())


@pytest.mark.parametrize(
    ("pred", "truth", "threshold", "message"),
    [
        (PRED[0], TRUTH, 1, r"pred must have shape \(N, D\) with N >= 1, got \(2,\)"),
        (PRED, TRUTH[:0], 1, r"truth must have shape \(N, D\) with N >= 1, got \(0, 2\)"),
        (PRED, TRUTH[:, :1], 1, r"truth must have 2 coordinates a point like pred, got 1"),
        (PRED, TRUTH * torch.nan, 1, r"truth has non-finite coordinates"),
        (PRED, TRUTH, 0, r"threshold must be positive, got 0"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(pred, truth, threshold, message):
    with pytest.raises(ValueError, match=message):
        metrics.compare_points(pred, truth, threshold=threshold)


def test_files_and_clouds_are_compared_as_what_they_hold(tmp_path):
    points = np.random.default_rng(0).random((50, 3))
    np.save(tmp_path / "truth.npy", points)
    moved = points + 0.1
    given = metrics.compare_points(clean_points(moved), tmp_path / "truth.npy")
    assert given == metrics.compare_points(moved, points)

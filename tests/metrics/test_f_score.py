import pytest
import torch

from diffshape.metrics import f_score


def test_the_two_sides_are_not_mixed():
    """Truth at 0 and 10, predictions at 0, 0 and 100; a known library has 2/3 for the recall and 0.667 for F."""
    score = f_score(torch.tensor([0.0, 0, 90]), torch.tensor([0.0, 10]), threshold=1.0)
    assert score.precision.item() == pytest.approx(2 / 3)
    assert score.recall == 0.5
    assert score.f_score.item() == pytest.approx(4 / 7)


def test_a_distance_equal_to_the_threshold_is_no_hit():
    distances = torch.tensor([0.1, 0.2, 0.5, 0.6])
    assert f_score(distances, distances, threshold=0.5).precision == 0.5


def test_batches():
    distances = torch.tensor([[0.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    score = f_score(distances, distances[:, :1], threshold=1.0)
    assert score.precision.tolist() == [1, 0.5, 0]
    assert score.recall.tolist() == [1, 1, 0]
    torch.testing.assert_close(score.f_score, torch.tensor([1, 2 / 3, 0], dtype=torch.float64))


def test_no_points_and_infinite_distances_are_misses_and_nan_stays():
    assert [share.item() for share in f_score(torch.zeros(0), torch.zeros(2), threshold=1.0)] == [0, 0, 1]
    assert f_score(torch.tensor([torch.inf, torch.inf]), torch.zeros(2), threshold=1.0).precision == 0
    unknown = f_score(torch.tensor([[0.0, torch.nan], [0.0, 9.0]]), torch.zeros(2, 2), threshold=1.0)
    assert unknown.precision.isnan().tolist() == unknown.f_score.isnan().tolist() == [True, False]
    assert unknown.precision[1] == 0.5
    assert unknown.recall.tolist() == [1, 1]


def test_bad_input():
    with pytest.raises(ValueError, match=r"^f_score: truth_to_pred must have shape \(2, M\) .* got \(3, 5\)"):
        f_score(torch.zeros(2, 4), torch.zeros(3, 5), threshold=1.0)
    with pytest.raises(ValueError, match="truth_to_pred must have shape"):
        f_score(torch.tensor(1.0), torch.tensor(1.0), threshold=1.0)
    with pytest.raises(ValueError, match=r"threshold must be positive, got 0\.0"):
        f_score(torch.zeros(2), torch.zeros(2), threshold=0.0)

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.metrics import occupancy_iou, sign_f1


def distances(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_values_by_hand():
    truth = torch.tensor([[-1.0, -1, -1, 1, 1], [1, 1, 1, 1, 1], [1, -1, 1, 1, 1], [1, 1, 1, 1, 1]])
    pred = torch.tensor([[-1.0, -1, 1, -1, 1], [1, 1, 1, 1, 1], [-1, 1, 1, 1, 1], [-1, 1, 1, 1, 1]])
    score = sign_f1(pred, truth)
    assert score.dtype == torch.float64
    assert score.tolist() == [2 * 2 / (2 * 2 + 1 + 1), 1, 0, 0]
    assert sign_f1(pred[0], truth[0]) == score[0]


def test_inside_is_the_positive_class():
    truth = torch.tensor([-1.0, 1, 1, 1])
    pred = torch.tensor([-1.0, -1, 1, 1])
    assert sign_f1(pred, truth).item() == pytest.approx(2 / 3)
    assert sign_f1(-pred, -truth).item() == pytest.approx(4 / 5)


def test_a_point_on_the_level_is_outside():
    truth = torch.tensor([-1.0, 0.0, 1.0])
    assert sign_f1(torch.tensor([-1.0, -0.1, 1.0]), truth).item() == pytest.approx(2 / 3)
    assert sign_f1(torch.tensor([-1.0, 0.0, 1.0]), truth) == 1
    assert sign_f1(torch.tensor([-1.0, 0.4, 0.6]), truth, level=0.5) == 1
    assert sign_f1(torch.tensor([-1.0, 0.4, 0.4]), truth, level=0.5).item() == pytest.approx(4 / 5)


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_invariances(seed, scale):
    pred, truth = distances(3, 40, seed=seed), distances(3, 40, seed=seed + 1)
    score = sign_f1(pred, truth)
    assert ((score >= 0) & (score <= 1)).all()
    assert (sign_f1(truth, truth) == 1).all()
    assert torch.equal(sign_f1(truth, pred), score)
    assert torch.equal(sign_f1(scale * pred, truth), score)
    order = torch.randperm(40, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(sign_f1(pred[:, order], truth[:, order]), score)
    iou = occupancy_iou(pred < 0, truth < 0)
    torch.testing.assert_close(iou, score / (2 - score))


def test_masked_places_do_not_count():
    pred, truth = torch.tensor([-9.0, -9, torch.nan, -9]), torch.tensor([-1.0, -1, torch.nan, 1])
    mask = torch.tensor([True, True, False, False])
    assert sign_f1(pred, truth, mask=mask) == 1
    assert sign_f1(pred, truth, mask=torch.tensor([False, False, False, True])) == 0
    assert sign_f1(pred, truth, mask=~mask).isnan()
    assert sign_f1(torch.stack([pred, truth.nan_to_num(1)]), truth.nan_to_num(1).expand(2, 4)).isnan().tolist() == [
        True,
        False,
    ]
    assert sign_f1(pred, truth, mask=torch.zeros_like(mask)) == 1


def test_bad_input():
    with pytest.raises(ValueError, match=r"sign_f1: truth must have shape \(4,\) like pred, got \(1, 4\)"):
        sign_f1(torch.zeros(4), torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"sign_f1: pred must have shape .* got a scalar"):
        sign_f1(torch.tensor(1.0), torch.tensor(1.0))
    with pytest.raises(ValueError, match="sign_f1: mask must be boolean"):
        sign_f1(torch.zeros(4), torch.zeros(4), mask=torch.ones(4))

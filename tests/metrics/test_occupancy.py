import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import voxel_iou_loss
from diffshape.metrics import occupancy_iou, voxel_iou


def test_values_by_hand():
    truth = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    pred = torch.tensor([[0.9, 0.6, 0.1, 0.7, 0.2], [0.1, 0.1, 0.1, 0.1, 0.1], [0.9, 0.1, 0.1, 0.1, 0.1]])
    assert occupancy_iou(pred, truth, from_logits=False).tolist() == [0.5, 1, 0]
    assert occupancy_iou(pred.logit(), truth).tolist() == [0.5, 1, 0]
    assert occupancy_iou(pred > 0.5, truth == 1).tolist() == [0.5, 1, 0]
    assert occupancy_iou(pred[0], truth[0], from_logits=False) == 0.5


def test_the_threshold_is_a_probability_and_counts_as_occupied():
    truth = torch.tensor([True, True, True, False])
    pred = torch.tensor([0.5, 0.25, 0.2, 0.1])
    for threshold, expected in ((0.5, 1 / 3), (0.25, 2 / 3), (0.15, 1), (0.1, 3 / 4)):
        assert occupancy_iou(pred, truth, threshold=threshold, from_logits=False).item() == pytest.approx(expected)
    logits = torch.tensor([0.0, -1.38, -1.39, -9.0])
    assert math.log(0.2 / 0.8) == pytest.approx(-1.386, abs=1e-3)
    assert occupancy_iou(logits, truth, threshold=0.2).item() == pytest.approx(2 / 3)


def test_voxels_are_points():
    pred, truth = torch.randn(3, 4, 5, 6), torch.rand(3, 4, 5, 6) < 0.3
    expected = occupancy_iou(pred.flatten(1), truth.flatten(1))
    assert torch.equal(voxel_iou(pred, truth), expected)
    assert torch.equal(voxel_iou(pred[0], truth[0]), expected[0])


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_soft_loss_of_hard_grids_is_one_minus_it(seed):
    generator = torch.Generator().manual_seed(seed)
    pred, truth = (torch.rand(2, 4, 4, 4, dtype=torch.float64, generator=generator).round() for _ in range(2))
    loss = voxel_iou_loss(pred, truth, from_logits=False, reduction="none")
    torch.testing.assert_close(voxel_iou(pred, truth, from_logits=False), 1 - loss)


def test_masked_places_do_not_count():
    pred, truth = torch.tensor([9.0, 9, torch.nan, 9]), torch.tensor([1.0, 1, torch.nan, 0])
    mask = torch.tensor([True, True, False, False])
    assert occupancy_iou(pred, truth, mask=mask) == 1
    assert occupancy_iou(pred, truth, mask=torch.tensor([False, False, False, True])) == 0
    assert occupancy_iou(pred, truth, mask=~mask).isnan()


def test_nan_spoils_only_its_own_sample():
    pred, truth = torch.tensor([[9.0, torch.nan], [9.0, 9.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert occupancy_iou(pred, truth).isnan().tolist() == [True, False]
    assert occupancy_iou(truth > 0, pred).isnan().tolist() == [True, False]
    grid = torch.zeros(2, 2, 2)
    grid[0, 0, 0] = torch.nan
    assert voxel_iou(grid, torch.zeros(2, 2, 2)).isnan()


@pytest.mark.parametrize(
    ("pred", "truth", "options", "message"),
    [
        (
            torch.zeros(2, 1, 3, 3, 3),
            torch.zeros(2, 3, 3, 3),
            {},
            "voxel_iou: pred must have shape .* without a channel",
        ),
        (torch.zeros(2, 3, 3, 3), torch.zeros(2, 1, 3, 3, 3), {}, r"voxel_iou: truth must have shape \(2, 3, 3, 3\)"),
        (torch.zeros(3, 3, 3), torch.zeros(3, 3, 3), {"threshold": 0.0}, "threshold must be a probability"),
        (torch.zeros(3, 3, 3), torch.zeros(3, 3, 3), {"mask": torch.zeros(3, 3, 3)}, "mask must be boolean"),
    ],
)
def test_bad_input(pred, truth, options, message):
    with pytest.raises(ValueError, match=message):
        voxel_iou(pred, truth, **options)


def test_bad_points():
    with pytest.raises(ValueError, match=r"occupancy_iou: truth must have shape \(4,\) like pred, got \(1, 4\)"):
        occupancy_iou(torch.zeros(4), torch.zeros(1, 4))
    with pytest.raises(ValueError, match="got a scalar"):
        occupancy_iou(torch.tensor(1.0), torch.tensor(1.0))

"""Dice, Tversky and soft IoU: values by hand and MONAI's, how they hang together, and what epsilon does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import voxel_dice_loss, voxel_iou_loss, voxel_tversky_loss


def grids(seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(2, 4, 4, 4, dtype=torch.float64, generator=generator)
    return logits, (torch.rand(logits.shape, generator=generator) < 0.3).double()


PRED = torch.tensor([0.5, 1.0, 0.25, 0.0]).reshape(2, 2, 1)
TARGET = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(2, 2, 1)  # TP 1.5, FP 0.25, FN 0.5


def test_values_by_hand():
    assert voxel_dice_loss(PRED, TARGET, from_logits=False).item() == pytest.approx(1 - 3 / 3.75)
    assert voxel_iou_loss(PRED, TARGET, from_logits=False).item() == pytest.approx(1 - 1.5 / 2.25)
    loss = voxel_tversky_loss(PRED, TARGET, alpha=0.2, beta=0.8, from_logits=False)
    assert loss.item() == pytest.approx(1 - 1.5 / (1.5 + 0.05 + 0.4))


def test_epsilon_stands_where_the_formula_has_it():
    assert voxel_dice_loss(PRED, TARGET, epsilon=1.0, from_logits=False).item() == pytest.approx(1 - 4 / 4.75)
    assert voxel_iou_loss(PRED, TARGET, epsilon=1.0, from_logits=False).item() == pytest.approx(1 - 2.5 / 3.25)
    loss = voxel_tversky_loss(PRED, TARGET, epsilon=1.0, from_logits=False)
    assert loss.item() == pytest.approx(1 - 2.5 / (2.5 + 0.125 + 0.25))


def test_a_false_positive_on_an_empty_target_costs_what_epsilon_says():
    pred = torch.zeros(4, 4, 4)
    pred[0, 0, 0] = 1
    empty = torch.zeros(4, 4, 4)
    assert voxel_dice_loss(pred, empty, from_logits=False).item() == pytest.approx(1)
    assert voxel_dice_loss(pred, empty, epsilon=9.0, from_logits=False).item() == pytest.approx(0.1)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_dice_and_iou_are_tversky_losses_and_one_another(seed):
    logits, target = grids(seed)
    dice, iou = (loss(logits, target, reduction="none") for loss in (voxel_dice_loss, voxel_iou_loss))
    torch.testing.assert_close(voxel_tversky_loss(logits, target, reduction="none"), dice)
    torch.testing.assert_close(voxel_tversky_loss(logits, target, alpha=1.0, beta=1.0, reduction="none"), iou)
    torch.testing.assert_close(iou, 2 * dice / (1 + dice))  # IoU = Dice / (2 - Dice), of 1 - loss


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_empty_space_around_a_shape_does_not_count(seed, margin):
    _, target = grids(seed)
    pred = grids(seed + 1)[0].sigmoid()
    padded = (torch.nn.functional.pad(each, [margin] * 6) for each in (pred, target))
    torch.testing.assert_close(
        voxel_dice_loss(*padded, from_logits=False), voxel_dice_loss(pred, target, from_logits=False)
    )


def test_disjoint_sets_cost_one():
    for loss in (voxel_dice_loss, voxel_iou_loss, voxel_tversky_loss):
        assert loss(1 - TARGET, TARGET, from_logits=False).item() == pytest.approx(1)


@pytest.mark.parametrize("epsilon", [1e-5, 1.0])
def test_dice_equals_monai(epsilon):
    monai = pytest.importorskip("monai.losses")
    logits, target = grids()
    theirs = monai.DiceLoss(sigmoid=True, smooth_nr=epsilon, smooth_dr=epsilon)(logits[:, None], target[:, None])
    torch.testing.assert_close(voxel_dice_loss(logits, target, epsilon=epsilon), theirs)


def test_tversky_equals_monai():
    monai = pytest.importorskip("monai.losses")
    logits, target = grids()
    options = {"alpha": 0.3, "beta": 0.7}
    theirs = monai.TverskyLoss(sigmoid=True, smooth_nr=1e-5, smooth_dr=1e-5, **options)
    ours = voxel_tversky_loss(logits, target, epsilon=1e-5, **options)
    torch.testing.assert_close(ours, theirs(logits[:, None], target[:, None]))


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        (voxel_dice_loss, {"epsilon": 0.0}, "epsilon must be positive, got 0.0"),
        (voxel_iou_loss, {"epsilon": -1.0}, "epsilon must be positive, got -1.0"),
        (
            voxel_tversky_loss,
            {"alpha": -0.1},
            "alpha and beta must be finite, 0 or more, and not both 0, got -0.1 and 0.5",
        ),
        (voxel_tversky_loss, {"alpha": 0.0, "beta": 0.0}, "alpha and beta must be finite, 0 or more, and not both 0"),
    ],
)
def test_bad_options(loss, options, message):
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {message}"):
        loss(PRED, TARGET, **options)

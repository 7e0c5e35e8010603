"""Dice and Tversky of several classes: the formulas by hand, and the voxel losses as their case of one channel."""

import pytest
import torch

from diffshape import losses

PRED = torch.tensor([[[0.8, 0.4], [0.2, 0.6]]])  # one image, two classes, two pixels
LABELS = torch.tensor([[0, 1]])
given = {"from_logits": False, "reduction": "none"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1 - 1.6 / 2.2, 1 - 1.2 / 1.8]),
        ({"squared": True}, [1 - 1.6 / (0.8 + 1), 1 - 1.2 / (0.4 + 1)]),
        ({"class_weights": torch.tensor([0.0, 3.0])}, [0, 3 * (1 - 1.2 / 1.8)]),
        ({"mask": torch.tensor([[True, False]])}, [1 - 1.6 / 1.8, 1]),
        ({"epsilon": 1.0}, [1 - 2.6 / 3.2, 1 - 2.2 / 2.8]),
        ({"epsilon": 1.0, "squared": True}, [1 - 2.6 / 2.8, 1 - 2.2 / 2.4]),
    ],
)
def test_dice_by_hand(options, expected):
    value = losses.segmentation_dice_loss(PRED, LABELS, **given, **options)
    torch.testing.assert_close(value, torch.tensor([expected]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"alpha": 1, "beta": 1}, [1 - 0.8 / 1.4, 1 - 0.6 / 1.2]),
        ({"alpha": 0.25, "beta": 0.75}, [1 - 0.8 / (0.8 + 0.1 + 0.15), 1 - 0.6 / (0.6 + 0.05 + 0.3)]),
        ({"alpha": 0, "beta": 1, "epsilon": 1.0}, [1 - 1.8 / 2.0, 1 - 1.6 / 2.0]),
    ],
)
def test_tversky_by_hand(options, expected):
    value = losses.segmentation_tversky_loss(PRED, LABELS, **given, **options)
    torch.testing.assert_close(value, torch.tensor([expected]), rtol=1e-5, atol=1e-6)


def test_a_mean_divides_by_the_weights():
    values = losses.segmentation_dice_loss(PRED, LABELS, **given)[0]
    weighted = losses.segmentation_dice_loss(PRED, LABELS, from_logits=False, class_weights=torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(weighted, (values[0] + 3 * values[1]) / 4)
    without_background = losses.segmentation_dice_loss(
        PRED, LABELS, from_logits=False, class_weights=torch.tensor([0.0, 1.0])
    )
    torch.testing.assert_close(without_background, values[1])


def test_equal_sets_cost_nothing_and_disjoint_ones_one():
    names = torch.tensor([[[0, 1], [2, 2]]])
    shares = torch.nn.functional.one_hot(names, 3).movedim(-1, 1).float()
    for loss in (losses.segmentation_dice_loss, losses.segmentation_tversky_loss):
        assert loss(shares, names, from_logits=False).item() == 0
        assert loss(shares.roll(1, 1), names, from_logits=False).item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("squared", [False, True])
def test_one_channel_is_the_voxel_loss(squared):
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.randn(2, 4, 5, 6, generator=generator), torch.rand(2, 4, 5, 6, generator=generator).round()
    mask = torch.rand(2, 4, 5, 6, generator=generator) < 0.8
    expected = losses.voxel_dice_loss(pred, target, squared=squared, mask=mask, reduction="none")
    found = losses.segmentation_dice_loss(
        pred[:, None], target[:, None], classes="independent", squared=squared, mask=mask, reduction="none"
    )
    torch.testing.assert_close(found[:, 0], expected)


@pytest.mark.parametrize(
    ("loss", "options", "message"),
    [
        (losses.segmentation_dice_loss, {"epsilon": 0.0}, "epsilon must be positive, got 0.0"),
        (losses.segmentation_tversky_loss, {"epsilon": -1.0}, "epsilon must be positive, got -1.0"),
        (losses.segmentation_tversky_loss, {"alpha": 0, "beta": 0}, "alpha and beta must be finite, 0 or more"),
        (losses.segmentation_tversky_loss, {"beta": float("inf")}, "alpha and beta must be finite, 0 or more"),
    ],
)
def test_options_out_of_range_are_refused(loss, options, message):
    with pytest.raises(ValueError, match=message):
        loss(PRED, LABELS, from_logits=False, **options)

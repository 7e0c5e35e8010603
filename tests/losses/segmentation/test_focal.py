"""The focal loss of several classes: by hand, PyTorch's cross-entropies, and the voxel loss as that of one channel."""

import math

import pytest
import torch
from torch.nn import functional

from diffshape import losses

PRED = torch.tensor([[[0.8, 0.4], [0.2, 0.6]]])
LABELS = torch.tensor([[0, 1]])
given = {"from_logits": False, "reduction": "none"}


def test_hand_computed_values():
    first, second = -(0.2**2) * math.log(0.8), -(0.4**2) * math.log(0.6)
    value = losses.segmentation_focal_loss(PRED, LABELS, **given)
    torch.testing.assert_close(value, torch.tensor([[first, second]]))
    value = losses.segmentation_focal_loss(PRED, LABELS, classes="independent", **given)
    torch.testing.assert_close(value, torch.tensor([[[first, second], [first, second]]]))
    value = losses.segmentation_focal_loss(PRED, LABELS, classes="independent", alpha=0.25, gamma=0, **given)
    first, second = -math.log(0.8), -math.log(0.6)
    torch.testing.assert_close(value, torch.tensor([[[0.25 * first, 0.75 * second], [0.75 * first, 0.25 * second]]]))


def images():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, 5, 6, generator=generator), torch.randint(4, (2, 5, 6), generator=generator)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 0.0, 3.0])])
def test_without_focus_it_is_the_cross_entropy_of_pytorch(reduction, weights):
    pred, names = images()
    names[0, 0] = 9
    expected = functional.cross_entropy(pred, names, weight=weights, ignore_index=9, reduction=reduction)
    found = losses.segmentation_focal_loss(
        pred, names, gamma=0, class_weights=weights, ignore_label=9, reduction=reduction
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_without_focus_a_sigmoid_a_channel_is_the_binary_one(reduction):
    pred, _ = images()
    target = (images()[0].roll(1, 0) > 0).float()
    expected = functional.binary_cross_entropy_with_logits(pred, target, reduction=reduction)
    found = losses.segmentation_focal_loss(pred, target, gamma=0, classes="independent", reduction=reduction)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("alpha", [None, 0.25])
def test_one_channel_is_the_voxel_loss_with_a_value_a_voxel(alpha):
    pred, _ = images()
    target, mask = (pred.roll(1, 0) > 0).float(), pred.roll(1, 1) > -1
    expected = losses.voxel_focal_loss(pred, target, alpha=alpha, mask=mask, reduction="none")
    options = {"alpha": alpha, "classes": "independent", "mask": mask}
    values = losses.segmentation_focal_loss(pred[:, None], target[:, None], reduction="none", **options)[:, 0]
    assert values.shape == pred.shape
    assert not values[~mask].any()
    torch.testing.assert_close(values.flatten(1).sum(1) / mask.flatten(1).sum(1), expected)


def test_a_voxel_that_is_wrong_and_sure_keeps_its_gradient():
    pred = torch.tensor([[[60.0], [-60.0], [0.0]]], requires_grad=True)
    value = losses.segmentation_focal_loss(pred, torch.tensor([[1]]))
    assert value.item() == pytest.approx(120)
    (gradient,) = torch.autograd.grad(value, pred)
    assert gradient[0, :, 0].tolist() == pytest.approx([1, -1, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": -1.0}, "gamma must be 0 or more, got -1.0"),
        ({"alpha": 0.5}, "alpha is for classes=\"independent\" and must lie between 0 and 1, got 0.5 for 'exclusive'"),
        ({"alpha": 1.5, "classes": "independent"}, "alpha is for .* got 1.5 for 'independent'"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^segmentation_focal_loss: {message}"):
        losses.segmentation_focal_loss(PRED, LABELS, from_logits=False, **options)

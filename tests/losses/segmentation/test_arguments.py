"""What the losses on images with channels promise alike: labels, masks, weights, precision, derivatives, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses

LOSSES = {
    "dice": losses.segmentation_dice_loss,
    "dice, squared": lambda *args, **options: losses.segmentation_dice_loss(*args, squared=True, **options),
    "tversky": lambda *args, **options: losses.segmentation_tversky_loss(*args, alpha=0.3, beta=0.7, **options),
    "focal": losses.segmentation_focal_loss,
    "cross-entropy": lambda *args, **options: losses.segmentation_focal_loss(*args, gamma=0, **options),
    "focal, half": lambda *args, **options: losses.segmentation_focal_loss(*args, gamma=0.5, **options),
}
every = pytest.mark.parametrize("name", LOSSES)
both = pytest.mark.parametrize("classes", ["exclusive", "independent"])


def scores(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def labels(*shape, count=3, seed=0):
    return torch.randint(count, shape, generator=torch.Generator().manual_seed(seed))


def one_hot(names, count=3):
    return torch.nn.functional.one_hot(names, count).movedim(-1, 1)


@every
@both
@pytest.mark.parametrize("shape", [(7,), (4, 5), (2, 3, 4)])
def test_labels_are_their_channels_on_any_number_of_axes(name, classes, shape):
    pred, names = scores(2, 3, *shape), labels(2, *shape)
    expected = LOSSES[name](pred, one_hot(names), classes=classes)
    torch.testing.assert_close(LOSSES[name](pred, names, classes=classes), expected)
    torch.testing.assert_close(LOSSES[name](pred, names.int(), classes=classes), expected)
    torch.testing.assert_close(LOSSES[name](pred.flatten(2), names.flatten(1), classes=classes), expected)


@every
@both
def test_logits_are_their_probabilities(name, classes):
    pred, names = scores(2, 3, 4, 5), labels(2, 4, 5)
    shares = pred.softmax(1) if classes == "exclusive" else pred.sigmoid()
    expected = LOSSES[name](shares, names, classes=classes, from_logits=False)
    torch.testing.assert_close(LOSSES[name](pred, names, classes=classes), expected)


@every
@both
def test_masked_and_ignored_voxels_are_as_good_as_gone(name, classes):
    pred, names = scores(1, 3, 12), labels(1, 12)
    mask = torch.tensor([[True, False] * 6])
    loss = LOSSES[name]
    expected = loss(pred[:, :, ::2], names[:, ::2], classes=classes)
    dirty = torch.where(mask[:, None], pred, math.nan).requires_grad_()
    found = loss(dirty, names, classes=classes, mask=mask)
    torch.testing.assert_close(found, expected)
    ignored = torch.where(mask, names, 255)
    torch.testing.assert_close(loss(dirty, ignored, classes=classes, ignore_label=255), expected)
    (gradient,) = torch.autograd.grad(found, dirty)
    assert gradient.isfinite().all()
    assert not gradient[:, :, 1::2].any()


@every
@both
def test_nothing_real_costs_nothing(name, classes):
    pred = scores(2, 3, 4).requires_grad_()
    value = LOSSES[name](pred, labels(2, 4), classes=classes, mask=torch.zeros(2, 4).bool())
    assert value.item() == 0
    (gradient,) = torch.autograd.grad(value, pred)
    assert not gradient.any()


@every
@both
@given(seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_order_of_voxels_and_of_classes_changes_nothing(name, classes, seed):
    pred, target, weights = scores(2, 3, 9, seed=seed), one_hot(labels(2, 9, seed=seed)), torch.tensor([1.0, 0.0, 3.0])
    generator = torch.Generator().manual_seed(seed)
    voxels, channels = torch.randperm(9, generator=generator), torch.randperm(3, generator=generator)
    expected = LOSSES[name](pred, target, classes=classes, class_weights=weights)
    found = LOSSES[name](
        pred[:, channels][:, :, voxels],
        target[:, channels][:, :, voxels],
        classes=classes,
        class_weights=weights[channels],
    )
    torch.testing.assert_close(found, expected)


@every
@both
@pytest.mark.parametrize("hard", [False, True])
def test_first_and_second_derivatives(name, classes, hard):
    pred = scores(2, 3, 4).requires_grad_()
    target = labels(2, 4) if hard else scores(2, 3, 4, seed=1).softmax(1)
    mask = torch.tensor([[True, True, False, True]] * 2)

    def loss(pred):
        return LOSSES[name](pred, target, classes=classes, mask=mask, class_weights=torch.tensor([1.0, 2.0, 3.0]))

    assert torch.autograd.gradcheck(loss, pred)
    assert torch.autograd.gradgradcheck(loss, pred)


@every
@both
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_saturated_logits_and_half_precision(name, classes, dtype):
    pred = torch.tensor([[[40.0, -40.0, 0.0], [-40.0, 40.0, 0.0]]], dtype=dtype)
    right, wrong = torch.tensor([[0, 1, 0]]), torch.tensor([[1, 0, 1]])
    for names in (right, wrong):
        given = pred.clone().requires_grad_()
        value = LOSSES[name](given, names, classes=classes)
        assert value.dtype == torch.float32
        (gradient,) = torch.autograd.grad(value, given)
        assert value.isfinite()
        assert gradient.isfinite().all()
    assert LOSSES[name](pred, right, classes=classes) < LOSSES[name](pred, wrong, classes=classes)


@every
@both
def test_huge_logits_and_weights_are_numbers(name, classes):
    pred, names = scores(2, 3, 5).float(), labels(2, 5)
    assert not LOSSES[name](1e38 * pred, names, classes=classes).isnan()
    weights = torch.tensor([1.0, 2.0, 3.0])
    expected = LOSSES[name](pred, names, classes=classes, class_weights=weights)
    torch.testing.assert_close(LOSSES[name](pred, names, classes=classes, class_weights=1e38 * weights), expected)


@every
def test_one_channel_is_a_sigmoid(name):
    pred, target = scores(2, 1, 3, 4), labels(2, 1, 3, 4, count=2)
    two = torch.cat([pred, torch.zeros_like(pred)], dim=1)  # softmax(z, 0) = sigmoid(z)
    expected = LOSSES[name](
        two, torch.cat([target, 1 - target], dim=1), reduction="none", class_weights=torch.tensor([1.0, 0.0])
    )
    found = LOSSES[name](pred, target, classes="independent", reduction="none")
    if found.ndim == 2:
        torch.testing.assert_close(found, expected[:, :1])
    else:
        torch.testing.assert_close(torch.where(target == 1, found, 0)[:, 0], expected)


@every
@both
def test_the_compiler_sees_one_graph(name, classes):
    pred, names = scores(2, 3, 4), labels(2, 4)
    torch._dynamo.reset()  # one line of code is compiled for every loss
    compiled = torch.compile(
        lambda pred, names: LOSSES[name](pred, names, classes=classes), backend="aot_eager", fullgraph=True
    )
    torch.testing.assert_close(compiled(pred, names), LOSSES[name](pred, names, classes=classes))


PRED, NAMES = torch.zeros(2, 3, 4, 4), torch.zeros(2, 4, 4).long()


@every
@pytest.mark.parametrize(
    ("pred", "target", "options", "message"),
    [
        (PRED[0, 0], NAMES, {}, r"pred must be floating point, shape \(B, C, H, W\).* got torch.float32, \(4, 4\)"),
        (PRED.long(), NAMES, {}, r"pred must be floating point"),
        (
            PRED,
            NAMES[:1],
            {},
            r"target must have shape \(2, 3, 4, 4\) like pred, or hold integer labels of shape",
        ),
        (PRED, NAMES.float(), {}, r"target must have shape .* got torch.float32, \(2, 4, 4\)"),
        (PRED, NAMES + 3, {}, r"target must hold labels 0 to 2, one a channel of pred, got 3 to 3; ignore_label"),
        (PRED, NAMES - 1, {}, r"target must hold labels 0 to 2, one a channel of pred, got -1 to -1"),
        (PRED, PRED + 2, {}, r"target must lie between 0 and 1, got 2 to 2"),
        (PRED - 1, NAMES, {"from_logits": False}, r"pred must lie between 0 and 1, got -1 to -1"),
        (PRED, PRED, {"ignore_label": 1}, r"ignore_label needs a target of labels, shape \(B, ...\); use mask"),
        (PRED, NAMES, {"mask": torch.ones(2, 3, 4, 4).bool()}, r"mask must have shape \(2, 4, 4\) like pred without"),
        (PRED, NAMES, {"mask": torch.ones(2, 4, 4)}, r"mask must be boolean, got torch.float32"),
        (PRED, NAMES, {"classes": "softmax"}, "classes must be one of 'exclusive', 'independent', got 'softmax'"),
        (
            PRED[:, :1],
            NAMES,
            {},
            r'pred has 1 channel, and classes="exclusive" needs 2 or more; one is classes="independent"',
        ),
        (
            PRED,
            NAMES,
            {"class_weights": torch.tensor([1.0, 2.0])},
            r"class_weights must have shape \(3,\), one a channel, got",
        ),
        (
            PRED,
            NAMES,
            {"class_weights": torch.tensor([1.0, -2.0, 0.0])},
            r"class_weights must be finite, not negative and not all 0",
        ),
        (
            PRED,
            NAMES,
            {"class_weights": torch.tensor([0.0, 0.0, 0.0])},
            r"class_weights must be finite, not negative and not all 0",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(name, pred, target, options, message):
    with pytest.raises(ValueError, match=f"^segmentation_[a-z]+_loss: {message}"):
        LOSSES[name](pred, target, **options)


@every
def test_an_unknown_reduction_is_refused(name):
    with pytest.raises(ValueError, match=r"reduction must be .* got 'average'"):
        LOSSES[name](PRED, NAMES, reduction="average")

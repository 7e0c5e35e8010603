"""What every voxel loss promises alike: shapes, masks, precision, range checks, live gradients, one value a sample."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses

LOSSES = {
    "cross-entropy": losses.voxel_cross_entropy,
    "weighted": partial(losses.voxel_cross_entropy, positive_weight=3.0),
    "focal": losses.voxel_focal_loss,
    "focal 0.5": partial(losses.voxel_focal_loss, gamma=0.5, alpha=0.25),
    "dice": losses.voxel_dice_loss,
    "tversky": partial(losses.voxel_tversky_loss, alpha=0.3, beta=0.7),
    "iou": losses.voxel_iou_loss,
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def grids(batch=3, side=4, seed=0, dtype=torch.float64):
    """Logits, and a target of which about a third is occupied."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(batch, side, side, side, dtype=dtype, generator=generator)
    return logits, (torch.rand(logits.shape, generator=generator) < 0.3).to(dtype)


@every_loss
def test_probabilities_give_what_their_logits_give(loss):
    logits, target = grids()
    torch.testing.assert_close(loss(logits.sigmoid(), target, from_logits=False), loss(logits, target))


@every_loss
@pytest.mark.parametrize("size", [20.0, 60.0])
def test_a_voxel_that_is_wrong_and_sure_of_it_keeps_its_gradient(loss, size):
    """From a clipped or rounded probability the gradient is exactly 0 in float32 from about 17 on."""
    logits = torch.tensor([size, -size, 1.0, -1.0]).repeat(16).reshape(4, 4, 4).requires_grad_()
    target = torch.tensor([0.0, 1.0, 1.0, 0.0]).repeat(16).reshape(4, 4, 4)  # two wrong, two right
    value = loss(logits, target)
    value.backward()
    assert torch.isfinite(value)
    assert torch.equal(logits.grad.sign(), 1 - 2 * target)


@every_loss
@pytest.mark.parametrize("size", [0.0, 100.0, 1e4])
def test_right_and_wrong_extremes_are_finite(loss, size):
    for sign in (1, -1):
        logits = (sign * size * (2 * grids()[1] - 1)).float().requires_grad_()
        value = loss(logits, grids()[1].float())
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(logits.grad).all()


@every_loss
def test_certain_probabilities_are_exact_and_finite(loss):
    _, target = grids(dtype=torch.float32)
    assert loss(target, target, from_logits=False) == 0
    wrong = (1 - target).requires_grad_()
    value = loss(wrong, target, from_logits=False)
    value.backward()
    assert value > 0.9
    assert torch.isfinite(value)
    assert torch.isfinite(wrong.grad).all()


@every_loss
def test_empty_against_empty_is_zero(loss):
    for pred, options in ((torch.zeros(2, 3, 3, 3), {"from_logits": False}), (torch.full((2, 3, 3, 3), -1000.0), {})):
        pred.requires_grad_()
        value = loss(pred, torch.zeros(2, 3, 3, 3), **options)
        value.backward()
        assert value == 0
        assert torch.isfinite(pred.grad).all()


@every_loss
def test_every_sample_counts_equally(loss):
    logits, target = grids()
    target[2] = 0
    each = loss(logits, target, reduction="none")
    assert each.shape == (3,)
    torch.testing.assert_close(loss(logits, target), each.mean())
    torch.testing.assert_close(loss(logits, target, reduction="sum"), each.sum())
    for b in range(3):
        alone = loss(logits[b], target[b], reduction="none")
        assert alone.shape == ()
        torch.testing.assert_close(alone, each[b])


@every_loss
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_order_of_voxels_does_not_matter_and_no_loss_is_negative(loss, seed):
    logits, target = grids(seed=seed)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(seed))
    shuffled = (each.flatten(1)[:, order].reshape(each.shape) for each in (logits, target))
    value = loss(logits, target)
    torch.testing.assert_close(loss(*shuffled), value)
    assert value > 0


@every_loss
@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16])
def test_any_target_of_zeros_and_ones_will_do(loss, dtype):
    logits, target = grids()
    assert torch.equal(loss(logits, target.to(dtype)), loss(logits, target))


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    logits, target = grids(side=16)
    logits = logits.to(dtype)
    value = loss(logits, target)
    assert value.dtype == torch.float32
    assert torch.equal(value, loss(logits.float(), target.float()))


@every_loss
def test_grids_need_not_be_cubes_and_may_be_none(loss):
    logits, target = grids()
    reshaped = (each.reshape(3, 2, 4, 8) for each in (logits, target))
    torch.testing.assert_close(loss(*reshaped), loss(logits, target))
    none = torch.zeros(0, 4, 4, 4, requires_grad=True)
    value = loss(none, torch.zeros(0, 4, 4, 4))
    value.backward()
    assert value == 0


@every_loss
def test_the_compiler_sees_one_graph(loss):
    logits, target = grids()
    compiled = torch.compile(lambda z, y: loss(z, y), backend="eager", fullgraph=True)
    assert torch.equal(compiled(logits, target), loss(logits, target))


def test_the_operator_keeps_its_promises_to_pytorch():
    torch.library.opcheck(torch.ops.diffshape.check_unit_interval.default, ("test", "target", torch.rand(3, 4)))


GOOD = torch.zeros(2, 3, 3, 3)


@every_loss
@pytest.mark.parametrize(
    ("pred", "target", "options", "message"),
    [
        (GOOD[:, None], GOOD, {}, r"pred must be .* without a channel, got torch.float32, \(2, 1, 3, 3, 3\)"),
        (GOOD, GOOD[:, None], {}, r"target must have shape \(2, 3, 3, 3\) like pred, got \(2, 1, 3, 3, 3\)"),
        (GOOD, GOOD[..., None], {}, r"target must have shape \(2, 3, 3, 3\) like pred, got \(2, 3, 3, 3, 1\)"),
        (GOOD, GOOD[:1], {}, r"target must have shape \(2, 3, 3, 3\) like pred, got \(1, 3, 3, 3\)"),
        (GOOD.long(), GOOD, {}, "pred must be floating point"),
        (GOOD, GOOD + 255, {}, "target must lie between 0 and 1, got 255 to 255"),
        (GOOD, GOOD * torch.nan, {}, "target must lie between 0 and 1"),
        (GOOD - 1, GOOD, {"from_logits": False}, "pred must lie between 0 and 1, got -1 to -1"),
        (GOOD, GOOD, {"mask": GOOD}, "mask must be boolean"),
        (GOOD, GOOD, {"mask": GOOD[0] == 0}, r"mask must have shape \(2, 3, 3, 3\) like pred"),
    ],
)
def test_bad_input(loss, pred, target, options, message):
    with pytest.raises(ValueError, match=f"^voxel_[a-z_]+: {message}"):
        loss(pred, target, **options)


@every_loss
def test_bad_reduction(loss):
    with pytest.raises(ValueError, match="reduction must be"):
        loss(GOOD, GOOD, reduction="batch")

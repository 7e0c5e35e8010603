import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import heatmap_focal_loss
from diffshape.ops import gaussian_heatmaps

KINDS = ["centernet", "focal_l2", "background"]


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def maps(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def value_and_gradient(pred, target, **options):
    pred = pred.clone().requires_grad_()
    loss = heatmap_focal_loss(pred, target, **options)
    return loss.item(), *torch.autograd.grad(loss.sum(), pred)


def test_centernet_hand_values():
    p, y = tensor(0.8, 0.3, 0.1), tensor(1, 0.5, 0)
    value, slope = value_and_gradient(p.logit(), y)
    expected = -(0.04 * math.log(0.8) + 0.5**4 * 0.09 * math.log(0.7) + 0.01 * math.log(0.9))
    assert value == pytest.approx(expected, abs=1e-12)
    assert value == pytest.approx(0.01198564, abs=5e-9)
    # the sheet's slopes are those in p; the chain rule gives those in the logit
    torch.testing.assert_close(slope / (p * (1 - p)), tensor(-0.139257, 0.021411, 0.032183), rtol=0, atol=5e-7)


def test_trap_h12_saturated_logits_keep_their_gradient():
    for dtype in (torch.float32, torch.float64):
        value, slope = value_and_gradient(torch.tensor([-30.0], dtype=dtype), torch.ones(1, dtype=dtype))
        assert value == pytest.approx(30, abs=1e-6)
        assert slope.item() == pytest.approx(-1, abs=1e-6)
    value, slope = value_and_gradient(torch.tensor([-500.0, 500.0]), torch.tensor([0.0, 1.0]))
    assert value == 0
    assert slope.tolist() == [0, 0]


def test_centernet_counts_exact_peaks_only():
    landmarks = tensor(3.3, 2.6)[None]
    rounded = gaussian_heatmaps(landmarks, (6, 8), rounded=True)
    logits = torch.zeros_like(rounded)
    one = heatmap_focal_loss(logits, rounded)
    torch.testing.assert_close(one, heatmap_focal_loss(logits, rounded, reduction="sum"))
    two = heatmap_focal_loss(logits.repeat(2, 1, 1), rounded.repeat(2, 1, 1))
    torch.testing.assert_close(two, one)
    unrounded = gaussian_heatmaps(landmarks, (6, 8))  # no pixel is 1: negatives only, divided by 1
    negatives = heatmap_focal_loss(logits, unrounded, reduction="none")
    torch.testing.assert_close(heatmap_focal_loss(logits, unrounded), negatives.sum())
    torch.testing.assert_close(negatives, (1 - unrounded).pow(4) * 0.25 * math.log(2))


def test_focal_l2_hand_values():
    value, slope = value_and_gradient(tensor(0.2), tensor(1), kind="focal_l2")
    assert value == pytest.approx(0.4096, abs=1e-12)
    assert slope.item() == pytest.approx(-2.048, abs=1e-12)
    value, _ = value_and_gradient(tensor(0.2), tensor(1), kind="focal_l2", alpha=0.1, gamma=1.0)
    assert value == pytest.approx(0.9 * 0.64, abs=1e-12)
    value, _ = value_and_gradient(tensor(0.2), tensor(0), kind="focal_l2", beta=0.02)
    assert value == pytest.approx(0.22**2 * 0.04, abs=1e-12)


def test_background_hand_values():
    pairs = [(0.0, 1.0, 0.0, 0.0), (0.0, 0.5, 0.0625, -0.25), (0.5, 0.0, 0.25, 1.0)]
    for pred, target, expected, expected_slope in pairs:
        value, slope = value_and_gradient(tensor(pred), tensor(target), kind="background")
        assert value == pytest.approx(expected, abs=1e-12)
        assert slope.item() == pytest.approx(expected_slope, abs=1e-12)


def test_trap_h1_background_weight_ignores_the_peak_and_the_others_do_not():
    target = gaussian_heatmaps(tensor(20, 20)[None], (41, 41), rounded=True)
    missed = torch.zeros_like(target)
    kept = heatmap_focal_loss(missed, target, kind="background", reduction="sum")
    assert kept.item() == pytest.approx(4 * math.pi / 6, rel=1e-6)
    pulls = {kind: value_and_gradient(missed, target, kind=kind, reduction="sum")[1][0] for kind in KINDS}
    row = pulls["background"][20, 20:]
    assert row[0] == 0
    assert row.abs().argmax() == 3  # on the ring 1.48 sigma out
    assert pulls["focal_l2"][20, 20] == pulls["focal_l2"].min() < -1
    assert pulls["centernet"][20, 20] == pulls["centernet"].min() < -0.1


@pytest.mark.parametrize("gamma", [0.5, 1.5, 2.0])
def test_trap_h2_targets_above_one_give_no_nan(gamma):
    value, slope = value_and_gradient(tensor(0.3), tensor(1.01), kind="background", gamma=gamma)
    assert (value, slope.item()) == (0, 0)


def test_gradcheck():
    logits, target = 4 * maps(2, 3, 3) - 2, maps(2, 3, 3, seed=1)
    target[:, 1, 1] = 1
    for kind in KINDS:
        assert torch.autograd.gradcheck(
            lambda p, k=kind: heatmap_focal_loss(p, target, kind=k), logits.requires_grad_()
        )
        assert torch.autograd.gradgradcheck(lambda p, k=kind: heatmap_focal_loss(p, target, kind=k), logits)


@given(seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_invariant_to_where_pixels_are(seed):
    pred, target = maps(2, 3, 4, seed=seed), maps(2, 3, 4, seed=seed + 1)
    target[:, 1, 1] = 1
    for kind in KINDS:
        loss = heatmap_focal_loss(pred, target, kind=kind)
        assert loss >= 0
        torch.testing.assert_close(heatmap_focal_loss(pred.flip(0, 2), target.flip(0, 2), kind=kind), loss)


@pytest.mark.parametrize("kind", KINDS)
def test_masks_and_weights(kind):
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    target[..., 0, 0] = 1
    expected = heatmap_focal_loss(pred[:, :1], target[:, :1], kind=kind)
    weighted = heatmap_focal_loss(pred, target, kind=kind, weights=torch.tensor([[3.0, 0.0]]))
    torch.testing.assert_close(weighted, expected)
    pred[:, 1], target[:, 1] = torch.nan, torch.nan
    pred.requires_grad_()
    loss = heatmap_focal_loss(pred, target, kind=kind, mask=torch.tensor([[True, False]]))
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert torch.isfinite(pred.grad).all()
    nothing = heatmap_focal_loss(pred, target, kind=kind, mask=torch.zeros(1, 2, dtype=torch.bool))
    assert nothing == 0


@pytest.mark.parametrize("kind", KINDS)
def test_compiles(kind):
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1).round()
    compiled = torch.compile(heatmap_focal_loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(pred, target, kind=kind), heatmap_focal_loss(pred, target, kind=kind))


def test_wrong_arguments():
    pred = torch.zeros(1, 2, 3, 3)
    with pytest.raises(ValueError, match=r"kind must be one of 'centernet', 'focal_l2', 'background', got .focal."):
        heatmap_focal_loss(pred, pred, kind="focal")
    with pytest.raises(ValueError, match="kind 'background' has no option beta"):
        heatmap_focal_loss(pred, pred, kind="background", beta=4.0)
    with pytest.raises(ValueError, match="kind 'centernet' has no option gamma"):
        heatmap_focal_loss(pred, pred, gamma=2.0)
    with pytest.raises(ValueError, match=r"gamma must be 0, or 1 or more, got 0\.5"):
        heatmap_focal_loss(pred, pred, kind="focal_l2", gamma=0.5)
    with pytest.raises(ValueError, match="alpha must be 0 or more"):
        heatmap_focal_loss(pred, pred, alpha=-1.0)
    with pytest.raises(ValueError, match="target must have shape"):
        heatmap_focal_loss(pred, pred[:, :1])

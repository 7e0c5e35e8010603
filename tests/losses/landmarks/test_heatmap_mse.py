import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses
from diffshape.losses import heatmap_mse
from diffshape.ops import gaussian_heatmaps


def maps(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values_and_gradient():
    pred = torch.tensor([[[1.0, 2.0], [0.0, 0.5]]], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[[0.0, 2.0], [1.0, 0.0]]], dtype=torch.float64)
    loss = heatmap_mse(pred, target)
    loss.backward()
    assert loss.item() == pytest.approx(2.25 / 4, abs=1e-12)
    torch.testing.assert_close(pred.grad, torch.tensor([[[0.5, 0.0], [-0.5, 0.25]]], dtype=torch.float64))
    assert heatmap_mse(pred, target, reduction="none").tolist() == [[[1, 0], [1, 0.25]]]
    assert heatmap_mse(pred, target, reduction="sum") == 2.25


def test_zero_map_against_gaussian_keeps_pi_sigma_squared():
    target = gaussian_heatmaps(torch.tensor([[30.0, 31.0]], dtype=torch.float64), (64, 64), sigma=2.0)
    loss = heatmap_mse(torch.zeros_like(target), target, reduction="sum")
    assert loss.item() == pytest.approx(4 * torch.pi, rel=1e-9)


def test_trap_h3_h4_hiding_half_the_landmarks_does_not_halve_the_mean():
    pred, target = maps(2, 4, 5, 5), torch.zeros(2, 4, 5, 5, dtype=torch.float64)
    pred[:, 2:] = pred[:, :2]
    visible = torch.tensor([True, True, False, False]).expand(2, 4)
    full = heatmap_mse(pred, target)
    torch.testing.assert_close(heatmap_mse(pred, target, mask=visible), full)
    torch.testing.assert_close(heatmap_mse(pred, target, weights=visible.double()), full)


def test_trap_c8_weights_weight_the_loss():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    channels = (pred - target).square().mean((-2, -1))[0]
    loss = heatmap_mse(pred, target, weights=torch.tensor([[0.5, 2.0]], dtype=torch.float64))
    torch.testing.assert_close(loss, (0.5 * channels[0] + 2 * channels[1]) / 2.5)


def test_pixel_mask_divides_by_real_pixels():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    mask = maps(1, 2, 3, 3, seed=2) > 0.5
    torch.testing.assert_close(heatmap_mse(pred, target, mask=mask), (pred - target)[mask].square().mean())


def test_empty_channels_can_be_left_out():
    target = gaussian_heatmaps(torch.tensor([[[2.0, 2.0], [-9.0, 2.0]]], dtype=torch.float64), (5, 5))
    pred = maps(1, 2, 5, 5)
    torch.testing.assert_close(heatmap_mse(pred, target, skip_empty=True), heatmap_mse(pred[:, :1], target[:, :1]))
    assert heatmap_mse(pred[:, 1:], target[:, 1:], skip_empty=True) == 0


def test_hardest_keeps_the_worst_channels_of_each_image():
    pred = torch.tensor([[1.0, 3.0, 2.0], [5.0, 0.0, 4.0]], dtype=torch.float64)[..., None, None].expand(2, 3, 2, 2)
    target = torch.zeros(2, 3, 2, 2, dtype=torch.float64)
    assert heatmap_mse(pred, target, hardest=2).item() == pytest.approx((9 + 4 + 25 + 16) / 4, abs=1e-12)
    assert heatmap_mse(pred, target, hardest=8) == heatmap_mse(pred, target)
    hidden = torch.tensor([[True, False, True], [False, True, False]])
    assert heatmap_mse(pred, target, hardest=2, mask=hidden).item() == pytest.approx((1 + 4 + 0) / 3, abs=1e-12)


def test_gradcheck():
    pred, target = maps(2, 2, 3, 3).requires_grad_(), maps(2, 2, 3, 3, seed=1)
    weights = maps(2, 2, seed=2)
    for options in ({}, {"weights": weights}, {"hardest": 1}):
        assert torch.autograd.gradcheck(lambda p, o=options: heatmap_mse(p, target, **o), pred)
        assert torch.autograd.gradgradcheck(lambda p, o=options: heatmap_mse(p, target, **o), pred)


@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_invariances(seed, shift, scale):
    pred, target = maps(2, 3, 4, 4, seed=seed), maps(2, 3, 4, 4, seed=seed + 1)
    loss = heatmap_mse(pred, target)
    torch.testing.assert_close(heatmap_mse(pred + shift, target + shift), loss)
    torch.testing.assert_close(heatmap_mse(scale * pred, scale * target), scale**2 * loss)
    torch.testing.assert_close(heatmap_mse(pred.flip(1), target.flip(1)), loss)


@pytest.mark.parametrize("mask_shape", [(2, 3), (2, 3, 4, 4)])
def test_trap_h5_masked_nan_goes_nowhere(mask_shape):
    pred, target = maps(2, 3, 4, 4), maps(2, 3, 4, 4, seed=1)
    mask = torch.ones(mask_shape, dtype=torch.bool)
    mask[0, 1] = False
    expected = heatmap_mse(pred, target, mask=mask, weights=torch.ones(2, 3))
    pred[0, 1], target[0, 1] = torch.nan, torch.inf
    pred.requires_grad_()
    loss = heatmap_mse(pred, target, mask=mask, weights=torch.ones(2, 3))
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert torch.isfinite(pred.grad).all()
    assert pred.grad[0, 1].abs().sum() == 0


def test_all_masked_is_zero():
    pred = torch.full((1, 2, 3, 3), torch.nan, requires_grad=True)
    loss = heatmap_mse(pred, pred.detach(), mask=torch.zeros(1, 2, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert pred.grad.abs().sum() == 0


def test_half_precision_is_computed_in_single():
    pred = torch.full((1, 1, 2, 2), 300.0, dtype=torch.float16)  # its square is no float16
    assert heatmap_mse(pred, torch.zeros_like(pred)) == 90_000


def test_compiles():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    compiled = torch.compile(heatmap_mse, fullgraph=True, backend="eager")
    mask = torch.tensor([[True, False]])
    torch.testing.assert_close(compiled(pred, target, mask=mask), heatmap_mse(pred, target, mask=mask))


def test_trap_h5_wrong_arguments():
    pred = torch.zeros(2, 3, 4, 4)
    with pytest.raises(
        ValueError, match=r"heatmap_mse: target must have shape \(2, 3, 4, 4\) like pred, got \(2, 3, 4"
    ):
        heatmap_mse(pred, torch.zeros(2, 3, 4))
    for shape in ((2, 1), (1, 3), (3, 2), (2, 3, 1, 1)):
        with pytest.raises(ValueError, match="heatmap_mse: mask must have shape"):
            heatmap_mse(pred, pred, mask=torch.ones(shape, dtype=torch.bool))
    for shape in ((2, 3, 1), (1, 3), (3,)):
        with pytest.raises(ValueError, match=r"heatmap_mse: weights must be floating point, shape \(2, 3\)"):
            heatmap_mse(pred, pred, weights=torch.ones(shape))
    with pytest.raises(ValueError, match="mask must be boolean"):
        heatmap_mse(pred, pred, mask=torch.ones(2, 3))
    with pytest.raises(ValueError, match="pred must be floating point"):
        heatmap_mse(pred.long(), pred.long())
    with pytest.raises(ValueError, match="hardest must be 1 or more"):
        heatmap_mse(pred, pred, hardest=0)
    with pytest.raises(ValueError, match="reduction must be"):
        heatmap_mse(pred, pred, reduction="median")


@pytest.mark.parametrize("loss", [losses.heatmap_mse, losses.adaptive_wing_loss, losses.heatmap_focal_loss])
def test_a_weight_a_pixel(loss):
    generator = torch.Generator().manual_seed(0)
    pred, target, weights = (torch.rand(2, 3, 4, 5, generator=generator) for _ in range(3))
    options = {"kind": "focal_l2"} if loss is losses.heatmap_focal_loss else {}
    values = loss(pred, target, reduction="none", **options)
    expected = (weights * values).sum() / weights.sum()
    torch.testing.assert_close(loss(pred, target, weights=weights, **options), expected)
    keypoints = weights[..., 0, 0]
    spread = keypoints[..., None, None].expand(pred.shape)
    torch.testing.assert_close(
        loss(pred, target, weights=spread, **options), loss(pred, target, weights=keypoints, **options)
    )

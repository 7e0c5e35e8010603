import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import adaptive_wing_loss
from diffshape.losses.landmarks import adaptive_wing
from diffshape.ops import gaussian_heatmaps


def tensor(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def maps(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_the_paper(error, target, alpha=2.1, omega=14.0, epsilon=1.0, theta=0.5):
    """The published formula for one pixel, in plain numbers."""
    e = alpha - target
    if error < theta:
        return omega * math.log1p((error / epsilon) ** e)
    slope = omega / (1 + (theta / epsilon) ** e) * e * (theta / epsilon) ** (e - 1) / epsilon
    return slope * error - (theta * slope - omega * math.log(1 + (theta / epsilon) ** e))


@pytest.mark.parametrize(
    ("pred", "target", "value", "slope"),
    [
        (0.1, 0.0, 0.11076661, 2.316921),
        (0.9, 1.0, 1.07010036, -11.332484),
        (0.8, 0.0, 6.27166158, 11.121422),
        (1e-4, 0.0, 5.5735004e-8, 1.170435e-3),
    ],
)
def test_hand_values_and_slopes(pred, target, value, slope):
    p = tensor(pred).requires_grad_()
    loss = adaptive_wing_loss(p, tensor(target))
    loss.backward()
    assert loss.item() == pytest.approx(by_the_paper(abs(pred - target), target), rel=1e-9, abs=1e-16)
    assert loss.item() == pytest.approx(value, rel=1e-7)
    assert p.grad.item() == pytest.approx(slope, rel=1e-6)


@given(
    error=st.floats(-3, 3),
    target=st.floats(0, 1),
    omega=st.floats(1, 20),
    epsilon=st.floats(0.3, 3),
    theta=st.floats(0.1, 1),
)
@settings(max_examples=25, deadline=None)
def test_agrees_with_the_paper_everywhere(error, target, omega, epsilon, theta):
    shape = {"omega": omega, "epsilon": epsilon, "theta": theta}
    loss = adaptive_wing_loss(tensor(target + error), tensor(target), **shape)
    assert loss.item() == pytest.approx(by_the_paper(abs(target + error - target), target, **shape), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
def test_value_and_slope_are_continuous_at_theta(target):
    p = (target + tensor(0.5 - 1e-9, 0.5 + 1e-9)).requires_grad_()
    values = adaptive_wing_loss(p, tensor(target, target), reduction="none")
    values.sum().backward()
    torch.testing.assert_close(values[0], values[1], rtol=0, atol=1e-7)
    torch.testing.assert_close(p.grad[0], p.grad[1], rtol=0, atol=1e-6)
    expected = {0.0: 11.121, 0.5: 11.113, 1.0: 9.798}[target]
    assert p.grad[0].item() == pytest.approx(expected, abs=1e-3)


def test_gradcheck():
    pred, target = 2 * maps(2, 3, 4) - 0.5, maps(2, 3, 4, seed=1)
    for boost in (False, True, 3.0):
        function = lambda p, b=boost: adaptive_wing_loss(p, target, weighted_map=b)  # noqa: E731
        assert torch.autograd.gradcheck(function, pred.requires_grad_())
        assert torch.autograd.gradgradcheck(function, pred)


def test_blocks_make_no_difference(monkeypatch):
    pred, target = maps(3, 2, 7, 5), maps(3, 2, 7, 5, seed=1)
    weights = maps(3, 2, seed=2)
    results = []
    for block in (1 << 16, 13):
        monkeypatch.setattr(adaptive_wing, "BLOCK", block)
        for layout in (pred, pred.transpose(0, 1).contiguous().transpose(0, 1)):
            p = layout.detach().requires_grad_()
            loss = adaptive_wing_loss(p, target, weighted_map=True, weights=weights)
            results.append((loss, *torch.autograd.grad(loss, p)))
    for other in results[1:]:
        torch.testing.assert_close(other, results[0])


def test_trap_h7_weighted_map_is_the_published_one():
    """1 + 10 M, M where the target dilated by 3 x 3 reaches 0.2; then the plain mean over pixels."""
    target = gaussian_heatmaps(tensor(4, 3)[None, :], (8, 9), sigma=1.0)
    dilated = torch.nn.functional.max_pool2d(target, 3, stride=1, padding=1)
    weight = 1 + 10 * (dilated >= 0.2).double()
    assert 0 < (weight > 1).sum() < weight.numel()
    pred = maps(1, 8, 9)
    plain = adaptive_wing_loss(pred, target, reduction="none")
    mapped = adaptive_wing_loss(pred, target, weighted_map=True, reduction="none")
    torch.testing.assert_close(mapped, weight * plain)
    torch.testing.assert_close(adaptive_wing_loss(pred, target, weighted_map=True), (weight * plain).mean())
    torch.testing.assert_close(
        adaptive_wing_loss(pred, target, weighted_map=4.0, reduction="none"), (1 + 4 * (dilated >= 0.2)) * plain
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("target", [-0.2, 0.0, 0.5, 1.0, 1.2, 2.0])
def test_trap_h8_no_nan_at_equality_even_above_one(dtype, target):
    p = tensor(target, dtype=dtype).requires_grad_()
    loss = adaptive_wing_loss(p, p.detach())
    loss.backward()
    assert loss == 0
    assert p.grad.item() == 0


@pytest.mark.parametrize(
    ("pred", "dtype"), [(1e36, torch.float32), (3e4, torch.float16), (math.inf, torch.float32), (1e300, torch.float64)]
)
def test_trap_h9_huge_predictions_keep_a_finite_slope(pred, dtype):
    p = tensor(pred, dtype=dtype).requires_grad_()
    loss = adaptive_wing_loss(p, tensor(0.0, dtype=dtype))
    loss.backward()
    assert not torch.isnan(loss)
    assert p.grad.item() == pytest.approx(11.121, rel=2e-3)


def test_trap_h10_small_errors_are_not_lost_in_single_precision():
    loss = adaptive_wing_loss(tensor(1e-4, dtype=torch.float32), tensor(0.0, dtype=torch.float32))
    assert loss.item() == pytest.approx(5.5735e-8, rel=1e-4)


def test_trap_h11_only_the_arguments_are_kept_for_the_way_back():
    pred, target = torch.rand(1, 2, 16, 16, requires_grad=True), torch.rand(1, 2, 16, 16)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each) or each, lambda each: each):
        adaptive_wing_loss(pred, target, weighted_map=True)
    whole = [each for each in kept if each.numel() == pred.numel() and each.dtype == pred.dtype]
    assert {each.data_ptr() for each in whole} == {pred.data_ptr(), target.data_ptr()}


def test_trap_c8_weights_do_not_change_the_exponent():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    each = adaptive_wing_loss(pred, target, reduction="none").mean((-2, -1))[0]
    loss = adaptive_wing_loss(pred, target, weights=torch.tensor([[1.0, 3.0]]))
    torch.testing.assert_close(loss, (each[0] + 3 * each[1]) / 4)


def test_masked_nan_goes_nowhere():
    pred, target = maps(1, 2, 3, 3), maps(1, 2, 3, 3, seed=1)
    expected = adaptive_wing_loss(pred[:, :1], target[:, :1], weighted_map=True)
    pred[:, 1], target[:, 1] = torch.nan, torch.nan
    pred.requires_grad_()
    loss = adaptive_wing_loss(pred, target, weighted_map=True, mask=torch.tensor([[True, False]]))
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert torch.isfinite(pred.grad).all()
    assert pred.grad[:, 1].abs().sum() == 0


@given(seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_invariances(seed):
    pred, target = maps(2, 4, 5, seed=seed), maps(2, 4, 5, seed=seed + 1)
    loss = adaptive_wing_loss(pred, target, weighted_map=True)
    torch.testing.assert_close(adaptive_wing_loss(pred.mT, target.mT, weighted_map=True), loss)
    torch.testing.assert_close(adaptive_wing_loss(2 * target - pred, target, weighted_map=True), loss)


def test_compiles():
    pred, target = maps(1, 2, 4, 4).requires_grad_(), maps(1, 2, 4, 4, seed=1)
    compiled = torch.compile(adaptive_wing_loss, fullgraph=True, backend="eager")
    for function in (compiled, adaptive_wing_loss):
        loss = function(pred, target, weighted_map=True)
        results = (loss, *torch.autograd.grad(loss, pred))
        expected = results if function is compiled else expected
    torch.testing.assert_close(results, expected)


def test_wrong_arguments():
    pred = torch.zeros(1, 2, 3, 3)
    with pytest.raises(ValueError, match=r"alpha must exceed 2, .* got 1\.5"):
        adaptive_wing_loss(pred, pred, alpha=1.5)
    for option in ("omega", "epsilon", "theta"):
        with pytest.raises(ValueError, match=f"{option} must be positive, got 0"):
            adaptive_wing_loss(pred, pred, **{option: 0.0})
    with pytest.raises(ValueError, match="weighted_map must be"):
        adaptive_wing_loss(pred, pred, weighted_map=-1.0)
    with pytest.raises(ValueError, match="weighted_map must be"):
        adaptive_wing_loss(torch.zeros(3), torch.zeros(3), weighted_map=True)
    with pytest.raises(ValueError, match="target must have shape"):
        adaptive_wing_loss(pred, pred[..., :1])

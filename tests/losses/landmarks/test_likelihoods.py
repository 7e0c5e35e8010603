import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import beta_nll, bounded_log_variance, gaussian_nll, laplace_nll

ALL = [gaussian_nll, laplace_nll, beta_nll]


def tensor(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def with_slopes(function, r, s, **options):
    pred, s = tensor(r).requires_grad_(), tensor(s).requires_grad_()
    loss = function(pred, tensor(0.0), s, **options)
    return loss.item(), *(each.item() for each in torch.autograd.grad(loss, (pred, s)))


def test_trap_u1_gaussian_hand_values_in_log_variance():
    value, slope, slope_s = with_slopes(gaussian_nll, 2.0, 2 * math.log(2))
    assert value == pytest.approx(0.5 + math.log(2), abs=1e-12)  # 1.193147; 1.511 if s were taken for ln sigma
    assert slope == pytest.approx(0.5, abs=1e-12)
    assert slope_s == pytest.approx(0, abs=1e-12)
    full, *_ = with_slopes(gaussian_nll, 2.0, 2 * math.log(2), full=True)
    assert full == pytest.approx(value + 0.5 * math.log(2 * math.pi), abs=1e-12)
    negative, *_ = with_slopes(gaussian_nll, 0.0, 2 * math.log(0.1))
    assert negative == pytest.approx(-2.302585093, abs=1e-9)  # trap U5: a likelihood is no distance


def test_laplace_hand_values():
    """b = 2, so the variance is 8; d/d ln b = 2 d/ds."""
    value, slope, slope_s = with_slopes(laplace_nll, 3.0, math.log(8))
    assert value == pytest.approx(1.5 + math.log(4), abs=1e-12)
    assert slope == pytest.approx(0.5, abs=1e-12)
    assert 2 * slope_s == pytest.approx(-0.5, abs=1e-12)


def test_beta_hand_values():
    for beta in (0.0, 0.5, 1.0):
        plain = with_slopes(gaussian_nll, 3.0, 2 * math.log(2))
        weighed = with_slopes(beta_nll, 3.0, 2 * math.log(2), beta=beta)
        assert weighed == pytest.approx([4**beta * each for each in plain], rel=1e-12)
    assert with_slopes(beta_nll, 3.0, 5.0, beta=1.0)[1] == pytest.approx(3, rel=1e-12)  # as of r^2 / 2


def test_agrees_with_torch():
    pred, target, s = draw(50), draw(50, seed=1), draw(50, seed=2)
    for full in (False, True):
        expected = torch.nn.functional.gaussian_nll_loss(pred, target, s.exp(), full=full)
        torch.testing.assert_close(gaussian_nll(pred, target, s, full=full), expected)
    density = torch.distributions.Laplace(pred, (s.exp() / 2).sqrt()).log_prob(target)
    torch.testing.assert_close(laplace_nll(pred, target, s), -density.mean())


@pytest.mark.parametrize("function", [gaussian_nll, laplace_nll])
def test_gradcheck(function):
    inputs = [draw(2, 3, 2, seed=seed).requires_grad_() for seed in range(3)]
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def test_gradcheck_of_beta_with_its_weight_held():
    pred, target, s = (draw(2, 3, 2, seed=seed).requires_grad_() for seed in range(3))
    ours = torch.autograd.grad(beta_nll(pred, target, s), (pred, target, s))
    weight = (0.5 * s.detach()).exp()
    held = (weight * gaussian_nll(pred, target, s, reduction="none")).mean()
    torch.testing.assert_close(ours, torch.autograd.grad(held, (pred, target, s)))
    assert torch.autograd.gradcheck(lambda p, t: beta_nll(p, t, s.detach()), (pred, target))


@given(seed=st.integers(0, 1000), shift=st.floats(-50, 50), scale=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_invariances_and_trap_u3_units(seed, shift, scale):
    pred, target, s = (draw(4, 2, seed=seed + i) for i in range(3))
    for function in ALL:
        loss = function(pred, target, s)
        torch.testing.assert_close(function(pred + shift, target + shift, s), loss)
        torch.testing.assert_close(function(target, pred, s), loss)
    for function in (gaussian_nll, laplace_nll):
        scaled = function(scale * pred, scale * target, s + 2 * math.log(scale))
        torch.testing.assert_close(scaled, function(pred, target, s) + math.log(scale))


@given(error=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_best_variance_is_the_squared_error(error):
    value, _, slope_s = with_slopes(gaussian_nll, error, 2 * math.log(error))
    assert slope_s == pytest.approx(0, abs=1e-12)
    for s in (2 * math.log(error) - 0.1, 2 * math.log(error) + 0.1):
        assert with_slopes(gaussian_nll, error, s)[0] > value
    assert with_slopes(laplace_nll, error, math.log(2 * error**2))[2] == pytest.approx(0, abs=1e-12)


def test_trap_u2_soft_bounds_keep_a_gradient_where_a_clamp_has_none():
    """r = (100, 0), ln sigma = -3 and bounds of sigma 0.1 and 10: clamped, the loss is 249,998 and the slope 0."""
    for raw in (-6.0, -60.0, 6.0, 100.0, -1000.0):
        s = tensor(raw, raw).requires_grad_()
        loss = gaussian_nll(
            tensor(100.0, 0.0), tensor(0.0, 0.0), bounded_log_variance(s, math.log(0.01), math.log(100))
        )
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(s.grad).all()
        assert s.grad[0] < 0 < s.grad[1]
        assert s.grad.abs().min() > 1e-9


def test_soft_bounds():
    raw = torch.linspace(-1e4, 1e4, 2001, dtype=torch.float64)
    bounded = bounded_log_variance(raw, -3.0, 5.0)
    assert (bounded > -3).all()
    assert (bounded < 5).all()
    assert (bounded.diff() > 0).all()
    assert bounded_log_variance(tensor(1.0), -3.0, 5.0) == 1
    middle = tensor(1.0).requires_grad_()
    assert torch.autograd.grad(bounded_log_variance(middle, -3.0, 5.0).sum(), middle)[0] == 1
    assert torch.autograd.gradgradcheck(lambda x: bounded_log_variance(x, -3.0, 5.0), draw(5).requires_grad_())


def test_trap_u4_a_confident_miss_pulls_a_thousand_times_less_under_beta():
    s = 2 * math.log(0.1)
    assert with_slopes(gaussian_nll, 100.0, s)[1] == pytest.approx(1e4)
    assert with_slopes(beta_nll, 100.0, s)[1] == pytest.approx(1e3)
    assert with_slopes(beta_nll, 100.0, s, beta=1.0)[1] == pytest.approx(100)
    assert with_slopes(laplace_nll, 100.0, s)[1] == pytest.approx(10 * math.sqrt(2))


@pytest.mark.parametrize("function", ALL)
def test_masked_nan_goes_nowhere(function):
    mask = torch.tensor([[True, False, True], [False, True, True]])
    inputs = [draw(2, 3, 2, seed=seed) for seed in range(3)]
    expected = function(*(each[mask] for each in inputs))
    broken = [torch.where(mask[..., None], each, torch.nan).requires_grad_() for each in inputs]
    loss = function(*broken, mask=mask)
    loss.backward()
    torch.testing.assert_close(loss, expected)
    assert all(torch.isfinite(each.grad).all() for each in broken)
    assert function(*broken, mask=torch.zeros_like(mask)) == 0


@pytest.mark.parametrize("function", ALL)
def test_half_precision_and_compile(function):
    inputs = [draw(2, 3, 2, seed=seed) for seed in range(3)]
    halves = function(*(each.half() for each in inputs))
    assert halves.dtype == torch.float32
    torch.testing.assert_close(halves.double(), function(*inputs), rtol=1e-2, atol=1e-2)
    large = function(tensor(300.0, dtype=torch.float16), tensor(0.0, dtype=torch.float16), tensor(2.0).half())
    assert torch.isfinite(large)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*inputs), function(*inputs))


@pytest.mark.parametrize("function", ALL)
def test_trap_u5_nothing_broadcasts(function):
    batch, name = torch.zeros(4, 4, 2), function.__name__
    with pytest.raises(ValueError, match=rf"{name}: log_variance must have shape \(4, 4, 2\) like pred, got \(4, 2\)"):
        function(batch, batch, torch.zeros(4, 2))
    with pytest.raises(ValueError, match=f"{name}: target must have shape"):
        function(batch, torch.zeros(4, 4, 1), batch)
    with pytest.raises(ValueError, match=f"{name}: mask must have shape"):
        function(batch, batch, batch, mask=torch.ones(4, dtype=torch.bool))


def test_wrong_options():
    with pytest.raises(ValueError, match="beta must lie between 0 and 1, got 2"):
        beta_nll(torch.zeros(1), torch.zeros(1), torch.zeros(1), beta=2)
    with pytest.raises(ValueError, match="low must be below high"):
        bounded_log_variance(torch.zeros(1), 1.0, 1.0)

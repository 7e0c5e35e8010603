import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import clamped_l1_loss, mape_loss, relative_l2_loss

ALL = [mape_loss, clamped_l1_loss, relative_l2_loss]


def tensor(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def distances(*shape, seed=0):
    """Large enough for both sides of every limit to occur."""
    return 0.15 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def value_and_slope(function, pred, target, **options):
    pred = tensor(pred).requires_grad_()
    loss = function(pred, tensor(target), **options)
    return loss.item(), torch.autograd.grad(loss, pred)[0].item()


@pytest.mark.parametrize(
    ("pred", "target", "value", "slope"),
    [(0.03, 0.01, 1.0, 50.0), (-0.02, 0.01, 1.5, -50.0), (0.0, -0.49, 0.98, 2.0), (0.2, 0.2, 0.0, 0.0), (0, 0, 0, 0)],
)
def test_mape_hand_values(pred, target, value, slope):
    assert value_and_slope(mape_loss, pred, target) == pytest.approx((value, slope), rel=1e-12)


def test_mape_epsilon_is_a_distance():
    assert value_and_slope(mape_loss, 0.3, 0.1, epsilon=0.1) == pytest.approx((1.0, 5.0))
    assert value_and_slope(mape_loss, 0.3, 0.0, epsilon=0.1) == pytest.approx((3.0, 10.0))


def test_the_field_that_is_zero_everywhere_costs_mape_less_than_one():
    target = distances(1000)
    assert 0.5 < mape_loss(torch.zeros_like(target), target) < 1
    assert mape_loss(tensor(0.0), tensor(0.01)) == 0.5


@pytest.mark.parametrize(
    ("pred", "target", "value", "slope"),
    [
        (0.05, 0.02, 0.03, 1.0),
        (0.05, 0.5, 0.05, -1.0),
        (-0.05, 0.02, 0.07, -1.0),
        (0.7, 0.3, 0.0, 0.0),  # beyond the limit on the right side
        (-0.7, 0.3, 0.2, 0.0),  # beyond it on the wrong one
        (0.02, 0.02, 0.0, 0.0),
    ],
)
def test_clamped_l1_hand_values(pred, target, value, slope):
    assert value_and_slope(clamped_l1_loss, pred, target) == pytest.approx((value, slope), abs=1e-15)


def test_clamped_l1_limit():
    assert value_and_slope(clamped_l1_loss, 0.7, 0.3, limit=0.5) == pytest.approx((0.2, 0.0))
    assert value_and_slope(clamped_l1_loss, 0.7, 0.3, limit=1.0) == pytest.approx((0.4, 1.0))


@pytest.mark.parametrize(
    ("pred", "target", "value", "slope"),
    [
        (0.3, 0.1, 0.4, 4.0),
        (0.0, 0.1, 1.0, -20.0),
        (-0.3, 0.1, 1.6, -8.0),
        (0.0, 0.0, 0.0, 0.0),
        (1.0, 0.0, 1 / 1.01, 2 / 1.01),
    ],
)
def test_relative_l2_hand_values(pred, target, value, slope):
    assert value_and_slope(relative_l2_loss, pred, target) == pytest.approx((value, slope), rel=1e-12)


def test_relative_l2_takes_its_denominator_as_constant():
    pred, target = distances(50).requires_grad_(), distances(50, seed=1)
    (slope,) = torch.autograd.grad(relative_l2_loss(pred, target, reduction="sum"), pred)
    torch.testing.assert_close(slope, 2 * (pred - target).detach() / (pred.detach().square() + 0.01))


def test_relative_l2_epsilon_is_a_squared_distance():
    assert value_and_slope(relative_l2_loss, 0.3, 0.1, epsilon=0.16) == pytest.approx((0.16, 1.6))


def test_gradcheck_of_relative_l2_in_the_target():
    pred, target = distances(2, 6), distances(2, 6, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda t: relative_l2_loss(pred, t), target)
    assert torch.autograd.gradgradcheck(lambda t: relative_l2_loss(pred, t), target)


@pytest.mark.parametrize("function", ALL)
@given(seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_invariances(function, seed):
    pred, target = distances(3, 5, seed=seed), distances(3, 5, seed=seed + 1)
    loss = function(pred, target)
    assert loss > 0
    assert function(pred, pred) == 0
    torch.testing.assert_close(function(-pred, -target), loss)  # inside and outside count alike
    torch.testing.assert_close(function(pred.flip(0), target.flip(0)), loss)
    each = function(pred, target, reduction="none")
    assert each.shape == (3, 5)
    torch.testing.assert_close(each.mean(), loss)
    torch.testing.assert_close(function(pred, target, reduction="sum"), each.sum())
    torch.testing.assert_close(function(pred[0, 0], target[0, 0]), each[0, 0])


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("pred", [0.0, 1e30, -1e30, 1e-30])
@pytest.mark.parametrize("target", [0.0, 1.0, -1e-30])
def test_awkward_places_are_finite(function, pred, target):
    pred = tensor(pred, dtype=torch.float32).requires_grad_()
    loss = function(pred, tensor(target, dtype=torch.float32))
    loss.backward()
    assert loss.isfinite()
    assert pred.grad.isfinite()


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(function, dtype):
    pred, target = distances(20).to(dtype), distances(20, seed=1).to(dtype)
    loss = function(pred, target)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, function(pred.float(), target.float()))


@pytest.mark.parametrize("function", ALL)
def test_compiles(function):
    pred, target = distances(2, 3), distances(2, 3, seed=1)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    mask = torch.tensor([[True, False, True], [False, True, True]])
    torch.testing.assert_close(compiled(pred, target, mask=mask), function(pred, target, mask=mask))


@pytest.mark.parametrize("function", ALL)
def test_wrong_arguments(function):
    pred, name = torch.zeros(4, 3), function.__name__
    with pytest.raises(ValueError, match=rf"{name}: target must have shape \(4, 3\) like pred, got \(4, 1\)"):
        function(pred, torch.zeros(4, 1))
    for shape in ((4,), (4, 1), (3,), ()):
        with pytest.raises(ValueError, match=rf"{name}: mask must have shape \(4, 3\) like pred"):
            function(pred, pred, mask=torch.ones(shape, dtype=torch.bool))
    with pytest.raises(ValueError, match=f"{name}: mask must be boolean"):
        function(pred, pred, mask=torch.ones(4, 3))
    with pytest.raises(ValueError, match=f"{name}: target must be floating point"):
        function(pred, pred.long())
    with pytest.raises(ValueError, match="reduction must be"):
        function(pred, pred, reduction="average")


@pytest.mark.parametrize(
    ("function", "option"), [(mape_loss, "epsilon"), (clamped_l1_loss, "limit"), (relative_l2_loss, "epsilon")]
)
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_wrong_options(function, option, value):
    with pytest.raises(ValueError, match=f"{function.__name__}: {option} must be positive, got {value}"):
        function(torch.zeros(2), torch.zeros(2), **{option: value})

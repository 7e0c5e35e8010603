import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses
from diffshape.losses import euclidean_loss, rectified_wing_loss, smooth_l1_loss, wing_loss

ELEMENTWISE = [wing_loss, rectified_wing_loss, smooth_l1_loss]
ALL = [*ELEMENTWISE, euclidean_loss]


def tensor(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def points(*shape, seed=0):
    return 8 * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def value_and_slope(function, error, **options):
    pred = torch.as_tensor(error, dtype=torch.float64).clone().requires_grad_()
    loss = function(pred, torch.zeros_like(pred), **options)
    return loss.item(), torch.autograd.grad(loss, pred)[0].tolist()


@pytest.mark.parametrize(
    ("error", "value", "slope"),
    [
        (-3.0, 10 * math.log(2.5), -2.0),
        (15.0, 15 - (10 - 10 * math.log(6)), 1.0),
        (0.0, 0.0, 0.0),
        (9.999999, 17.9175, 10 / 11.999999),
    ],
)
def test_wing_hand_values(error, value, slope):
    found, slopes = value_and_slope(wing_loss, [error])
    assert found == pytest.approx(value, rel=1e-9 if error != 9.999999 else 1e-5)
    assert slopes == pytest.approx([slope], rel=1e-9)
    assert value_and_slope(wing_loss, [10.0])[0] == pytest.approx(10 * math.log(6), rel=1e-12)  # C = -7.9176


def test_trap_c5_wing_mean_is_over_valid_coordinates():
    errors = [[1.0, -3.0], [15.0, 0.0]]
    assert value_and_slope(wing_loss, errors)[0] == pytest.approx(9.033788, abs=5e-7)
    value, slopes = value_and_slope(wing_loss, errors, mask=torch.tensor([True, False]))
    assert value == pytest.approx(6.608779, abs=5e-7)
    assert slopes[0] == pytest.approx([5 / 3, -1], rel=1e-12)
    assert slopes[1] == [0, 0]
    one = torch.tensor([[True, False], [False, False]])
    assert value_and_slope(wing_loss, errors, mask=one)[0] == pytest.approx(10 * math.log(1.5), rel=1e-12)


def test_rectified_wing_hand_values():
    cases = {0.3: (0.0, 0.0), -0.5: (0.0, 0.0), -2.5: (10 * math.log(2), -2.5), 12.0: (10 * math.log(5.75) + 2, 1.0)}
    for error, (value, slope) in cases.items():
        found, slopes = value_and_slope(rectified_wing_loss, [error])
        assert found == pytest.approx(value, abs=1e-12)
        assert slopes == pytest.approx([slope], abs=1e-12)
    errors = points(20)
    torch.testing.assert_close(
        rectified_wing_loss(errors, torch.zeros_like(errors), radius=0.0), wing_loss(errors, torch.zeros_like(errors))
    )


def test_smooth_l1_hand_values_and_trap_c7_huber_is_beta_times_it():
    assert value_and_slope(smooth_l1_loss, [0.5]) == (0.125, [0.5])
    assert value_and_slope(smooth_l1_loss, [-3.0]) == (2.5, [-1.0])
    errors, zero = points(50), torch.zeros(50, dtype=torch.float64)
    for beta in (0.3, 1.0, 4.0):
        ours = smooth_l1_loss(errors, zero, beta=beta)
        torch.testing.assert_close(ours, torch.nn.functional.smooth_l1_loss(errors, zero, beta=beta))
        torch.testing.assert_close(beta * ours, torch.nn.functional.huber_loss(errors, zero, delta=beta))


def test_euclidean_hand_values():
    assert value_and_slope(euclidean_loss, [[3.0, 4.0]]) == (5.0, [[0.6, 0.8]])
    loss = euclidean_loss(tensor([3.0, 4.0], [0.0, 1.0]), torch.zeros(2, 2, dtype=torch.float64), reduction="none")
    assert loss.tolist() == [5, 1]


def test_trap_c10_euclidean_has_gradient_zero_at_the_target():
    value, slopes = value_and_slope(euclidean_loss, [[0.0, 0.0]])
    assert (value, slopes) == (0, [[0, 0]])


@pytest.mark.parametrize("function", ALL)
@given(seed=st.integers(0, 1000), shift=st.floats(-100, 100))
@settings(max_examples=25, deadline=None)
def test_invariances(function, seed, shift):
    pred, target = points(2, 5, 2, seed=seed), points(2, 5, 2, seed=seed + 1)
    loss = function(pred, target)
    assert loss >= 0
    torch.testing.assert_close(function(target, pred), loss)
    torch.testing.assert_close(function(pred + shift, target + shift), loss)
    torch.testing.assert_close(function(pred.flip(1), target.flip(1)), loss)
    assert function(pred, pred) == 0


@given(seed=st.integers(0, 1000), angle=st.floats(-math.pi, math.pi))
@settings(max_examples=25, deadline=None)
def test_trap_c6_euclidean_is_rotation_invariant_and_wing_is_not(seed, angle):
    turn = tensor([math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)])
    pred, target = points(5, 2, seed=seed), points(5, 2, seed=seed + 1)
    torch.testing.assert_close(euclidean_loss(pred @ turn, target @ turn), euclidean_loss(pred, target))
    diagonal = wing_loss(tensor([3.0, 3.0]), tensor([0.0, 0.0]))
    assert diagonal > 1.1 * wing_loss(tensor([math.sqrt(18), 0.0]), tensor([0.0, 0.0]))


def test_trap_c3_rectified_wing_forgives_the_noise_that_wing_amplifies():
    assert value_and_slope(wing_loss, [1e-6])[1] == pytest.approx([5], rel=1e-5)
    assert value_and_slope(rectified_wing_loss, [0.49])[1] == [0]


def test_trap_h10_wing_of_a_tiny_error_in_single_precision():
    loss = wing_loss(tensor(1e-7, dtype=torch.float32), tensor(0.0, dtype=torch.float32))
    assert loss.item() == pytest.approx(5e-7, rel=1e-5)


@pytest.mark.parametrize(("error", "dtype"), [(1e36, torch.float32), (6e4, torch.float16), (math.inf, torch.float32)])
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_trap_h9_huge_errors_have_slope_one(function, error, dtype):
    pred = tensor(error, dtype=dtype).requires_grad_()
    loss = function(pred, tensor(0.0, dtype=dtype))
    loss.backward()
    assert loss.item() == pytest.approx(error, rel=1e-2)
    assert pred.grad.item() == 1


@pytest.mark.parametrize("function", ALL)
def test_half_precision_is_computed_in_single(function):
    pred = torch.full((1, 1, 2), 3e4, dtype=torch.float16)
    assert function(pred, -pred, reduction="sum").dtype == torch.float32
    assert torch.isfinite(function(pred, -pred, reduction="sum"))


@pytest.mark.parametrize("function", ALL)
def test_compiles(function):
    pred, target = points(2, 3, 2), points(2, 3, 2, seed=1)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    mask = torch.tensor([[True, False, True], [False, True, True]])
    torch.testing.assert_close(compiled(pred, target, mask=mask), function(pred, target, mask=mask))


@pytest.mark.parametrize("function", ALL)
def test_wrong_arguments(function):
    pred, name = torch.zeros(4, 4, 2), function.__name__
    with pytest.raises(ValueError, match=rf"{name}: target must have shape \(4, 4, 2\) like pred, got \(4, 2\)"):
        function(pred, torch.zeros(4, 2))
    for shape in ((4,), (4, 1), (1, 4), (2, 4)):
        with pytest.raises(ValueError, match=f"{name}: mask must have shape"):
            function(pred, pred, mask=torch.ones(shape, dtype=torch.bool))
    with pytest.raises(ValueError, match=f"{name}: mask must be boolean"):
        function(pred, pred, mask=torch.ones(4, 4))
    with pytest.raises(ValueError, match="must be floating point"):
        function(pred, pred.long())
    with pytest.raises(ValueError, match="reduction must be"):
        function(pred, pred, reduction="average")


def test_wrong_options():
    zero = torch.zeros(2)
    for options in ({"omega": 0.0}, {"epsilon": 0.0}, {"omega": -1.0}):
        with pytest.raises(ValueError, match="wing_loss: omega and epsilon must be positive"):
            wing_loss(zero, zero, **options)
    with pytest.raises(ValueError, match="radius 0 or more and below omega"):
        rectified_wing_loss(zero, zero, radius=10.0)
    with pytest.raises(ValueError, match="beta must be positive"):
        smooth_l1_loss(zero, zero, beta=0.0)


WEIGHTED = {
    "wing": losses.wing_loss,
    "rectified wing": losses.rectified_wing_loss,
    "smooth L1": losses.smooth_l1_loss,
    "soft wing": losses.soft_wing_loss,
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_weight_a_landmark_or_a_coordinate(name):
    loss = WEIGHTED[name]
    generator = torch.Generator().manual_seed(0)
    pred, target = (5 * torch.randn(3, 4, 2, dtype=torch.float64, generator=generator) for _ in range(2))
    values = loss(pred, target, reduction="none")
    landmarks = torch.rand(3, 4, dtype=torch.float64, generator=generator)
    expected = (landmarks[..., None] * values).sum() / (2 * landmarks.sum())
    torch.testing.assert_close(loss(pred, target, weights=landmarks), expected)
    torch.testing.assert_close(loss(pred, target, weights=landmarks[..., None].expand(3, 4, 2)), expected)
    coordinates = torch.rand(3, 4, 2, dtype=torch.float64, generator=generator)
    mask = coordinates > 0.3
    found = loss(torch.where(mask, pred, torch.nan), target, weights=coordinates, mask=mask)
    torch.testing.assert_close(found, (coordinates * values)[mask].sum() / coordinates[mask].sum())
    torch.testing.assert_close(loss(pred, target, weights=coordinates, reduction="none"), coordinates * values)
    for weights in (torch.ones(4), torch.ones(3, 4).long(), torch.ones(3, 4, 3)):
        with pytest.raises(ValueError, match=r"weights must be floating point, shape \("):
            loss(pred, target, weights=weights)


def test_euclidean_weights_are_one_a_landmark():
    pred, target = torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.zeros(2, 2)
    value = losses.euclidean_loss(pred, target, weights=torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(value, torch.tensor((5 + 3 * 1) / 4.0))
    with pytest.raises(ValueError, match=r"weights must be floating point, shape \(2,\), one a landmark of pred, got"):
        losses.euclidean_loss(pred, target, weights=torch.ones(2, 2))


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_weights_that_cannot_weigh_are_refused_unless_they_are_masked(name, wrong):
    loss, weights, mask = WEIGHTED[name], torch.tensor([1.0, wrong]), torch.tensor([True, False])
    with pytest.raises(ValueError, match="weights must be finite, not negative, and of a finite sum"):
        loss(torch.zeros(2, 2), torch.ones(2, 2), weights=weights)
    found = loss(torch.zeros(2, 2), torch.ones(2, 2), weights=weights, mask=mask)
    torch.testing.assert_close(found, loss(torch.zeros(1, 2), torch.ones(1, 2)))

"""Soft Wing: by hand, continuous, derivatives, masks and weights, refusals."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffshape import losses


def test_hand_computed_values():
    pred = torch.tensor([0.5, -2.0, 3.0])
    expected = torch.tensor([0.5, 2.0, 2 + 20 * math.log(7 / 5)])
    torch.testing.assert_close(losses.soft_wing_loss(pred, torch.zeros(3), reduction="none"), expected)
    torch.testing.assert_close(losses.soft_wing_loss(pred, torch.zeros(3)), expected.mean())


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_it_is_even_grows_with_the_error_and_has_no_jump(first, second):
    errors = torch.tensor([first, second], dtype=torch.float64)
    values = losses.soft_wing_loss(errors, torch.zeros_like(errors), reduction="none")
    torch.testing.assert_close(losses.soft_wing_loss(-errors, torch.zeros_like(errors), reduction="none"), values)
    assert (values[0] <= values[1]) == (abs(first) <= abs(second)) or values[0] == values[1]
    beside = torch.tensor([2 - 1e-9, 2 + 1e-9], dtype=torch.float64)
    below, above = losses.soft_wing_loss(beside, torch.zeros(2).double(), reduction="none")
    assert abs(above - below) < 1e-7


def test_derivatives():
    generator = torch.Generator().manual_seed(0)
    pred = (4 * torch.randn(3, 4, 2, dtype=torch.float64, generator=generator)).requires_grad_()
    assert torch.autograd.gradcheck(lambda pred: losses.soft_wing_loss(pred, torch.zeros_like(pred)), pred)
    zero = torch.zeros(3, requires_grad=True)
    (gradient,) = torch.autograd.grad(losses.soft_wing_loss(zero, torch.zeros(3)), zero)
    assert not gradient.any()


def test_masks_and_weights():
    pred, target = torch.tensor([[1.0, math.nan], [0.5, 0.5]]), torch.zeros(2, 2)
    mask, weights = torch.tensor([[True, False], [True, True]]), torch.tensor([3.0, 1.0])
    value = losses.soft_wing_loss(pred, target, mask=mask, weights=weights)
    torch.testing.assert_close(value, torch.tensor((3 * 1 + 0.5 + 0.5) / 5))


@pytest.mark.parametrize("option", ["omega", "slope", "epsilon"])
@pytest.mark.parametrize("value", [0.0, math.inf, math.nan])
def test_options_out_of_range_are_refused(option, value):
    with pytest.raises(ValueError, match=r"^soft_wing_loss: omega, slope and epsilon must be positive and finite, got"):
        losses.soft_wing_loss(torch.zeros(2), torch.zeros(2), **{option: value})
    with pytest.raises(ValueError, match=r"^soft_wing_loss: target must have shape \(2,\) like pred, got \(3,\)"):
        losses.soft_wing_loss(torch.zeros(2), torch.zeros(3))

"""Density-aware Chamfer distance: the formula by hand, and its bounds."""

import math

import pytest
import torch

from diffshape import losses

X = torch.tensor([[0.0], [1.0], [5.0]]).double()
Y = torch.tensor([[0.0], [4.0]]).double()
# x -> y: 0 to y_0 (0), 1 to y_0 (1), 5 to y_1 (1); y_0 is chosen twice. y -> x: to x_0 (0), to x_2 (1), once each


@pytest.mark.parametrize(("alpha", "squared"), [(1.0, True), (0.3, True), (0.7, False)])
def test_hand_computed_values(alpha, squared):
    e = math.exp(-alpha)  # every distance is 0 or 1, so squares do not matter here
    expected = ((1 - 1 / 2) + (1 - e / 2) + (1 - e)) / 3 / 2 + (0 + (1 - e)) / 2 / 2
    value = losses.density_aware_chamfer_distance(X, Y, alpha=alpha, squared=squared)
    torch.testing.assert_close(value, torch.tensor(expected).double())


def test_the_exponent_is_squared_unless_told_otherwise():
    x, y = torch.zeros(1, 1).double(), torch.full((1, 1), 2.0).double()
    for squared, power in ((True, 4), (False, 2)):
        value = losses.density_aware_chamfer_distance(x, y, alpha=0.5, squared=squared)
        torch.testing.assert_close(value, torch.tensor(1 - math.exp(-0.5 * power)).double())


def test_a_masked_point_chooses_nobody():
    mask = torch.tensor([True, False, True])
    value = losses.density_aware_chamfer_distance(X, Y, alpha=1.0, x_mask=mask)
    torch.testing.assert_close(value, losses.density_aware_chamfer_distance(X[mask], Y, alpha=1.0))


def test_it_stays_below_one_however_far_the_sets_are():
    value = losses.density_aware_chamfer_distance(X, Y + 1e6)
    assert 0.99 < value.item() <= 1


def test_crowding_costs_what_chamfer_does_not_see():
    even = torch.linspace(0, 1, 8)[:, None].double()
    crowded = torch.cat([even, even[:1].repeat(8, 1)])
    assert losses.chamfer_distance(crowded, even).item() == 0
    assert losses.density_aware_chamfer_distance(crowded, even).item() > 0.2


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.nan])
def test_an_alpha_that_is_not_positive_is_refused(alpha):
    with pytest.raises(ValueError, match="density_aware_chamfer_distance: alpha must be positive, got"):
        losses.density_aware_chamfer_distance(X, Y, alpha=alpha)


def test_defaults_are_those_of_the_published_numbers():
    value = losses.density_aware_chamfer_distance(torch.tensor([[0.0]]), torch.tensor([[0.03]]))
    torch.testing.assert_close(value, torch.tensor(1 - math.exp(-1000 * 0.03**2)))

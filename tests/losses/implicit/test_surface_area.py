import math

import pytest
import torch

from diffshape.losses import surface_area_loss


def test_hand_values():
    values = torch.tensor([0.0, 0.5, -0.25])
    expected = torch.tensor([1.0, math.exp(-2), math.exp(-1)])
    torch.testing.assert_close(surface_area_loss(values, alpha=4.0, reduction="none"), expected)
    torch.testing.assert_close(surface_area_loss(values, alpha=4.0), expected.mean())
    torch.testing.assert_close(surface_area_loss(values, alpha=4.0, reduction="sum"), expected.sum())


def test_is_the_area_of_a_sphere():
    """Over a cube of nodes of volume 8; slope 2 halves it, since 1 / |grad f| is what is integrated."""
    axis = (torch.arange(100, dtype=torch.float64) + 0.5) / 50 - 1
    distance = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).norm(dim=-1) - 0.6
    area = 30.0 / 2 * 8 * surface_area_loss(distance, alpha=30.0)
    exact = 4 * math.pi * 0.6**2
    assert abs(area / exact - 1 - 2 / (30.0 * 0.6) ** 2) < 1e-3  # the second term is the layer's own curvature
    steep = 30.0 / 2 * 8 * surface_area_loss(2 * distance, alpha=30.0)
    assert abs(steep / exact - 0.5) < 0.005


def test_gradcheck():
    values = torch.tensor([-0.3, 0.2, 0.01], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: surface_area_loss(v, alpha=7.0), (values,))


def test_finite_on_the_surface_and_far_away():
    values = torch.tensor([0.0, 1e30, -1e30], requires_grad=True)
    surface_area_loss(values).backward()
    assert values.grad.tolist() == [0, 0, 0]


def test_masked_nan_goes_nowhere():
    values = torch.tensor([0.01, torch.nan], requires_grad=True)
    loss = surface_area_loss(values, mask=torch.tensor([True, False]))
    loss.backward()
    torch.testing.assert_close(loss, torch.tensor(math.exp(-1)))
    torch.testing.assert_close(values.grad, torch.tensor([-100 * math.exp(-1), 0]))


def test_empty():
    assert surface_area_loss(torch.zeros(0)) == 0


def test_wrong_arguments():
    with pytest.raises(ValueError, match="alpha must be positive, got 0"):
        surface_area_loss(torch.zeros(2), alpha=0.0)
    with pytest.raises(ValueError, match=r"mask must have shape \(2,\) like values, got \(2, 1\)"):
        surface_area_loss(torch.zeros(2), mask=torch.ones(2, 1, dtype=torch.bool))

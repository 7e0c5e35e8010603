"""Sinkhorn divergence: where transport is known, its limits in the blur, and what it promises."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from diffshape import losses


def cloud(count, seed=0):
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize(("p", "expected"), [(1, 0.5), (2, 0.125)])
@pytest.mark.parametrize("blur", [0.01, 0.5, 10.0])
def test_one_point_costs_its_way_at_any_blur(p, expected, blur):
    x = torch.zeros(1, 3).double()
    y = x + torch.tensor([0.0, 0.3, 0.4])
    torch.testing.assert_close(losses.sinkhorn_divergence(x, y, blur=blur, p=p), torch.tensor(expected).double())


def test_two_points_by_the_scaling_equations():
    x = torch.tensor([[0.0], [1.0]]).double()
    y = torch.tensor([[0.25], [1.25]]).double()
    epsilon = 0.25

    def cost(x, y):  # the plan [[q, r - q], ...] of a 2 x 2 problem with halves solves q^2 / (1/2 - q)^2 = ratio
        c = (x - y.T).square() / 2
        kernel = (-c / epsilon).exp()
        root = (kernel[0, 0] * kernel[1, 1] / (kernel[0, 1] * kernel[1, 0])).sqrt()
        q = 0.5 * root / (1 + root)
        plan = torch.stack([torch.stack([q, 0.5 - q]), torch.stack([0.5 - q, q])])
        return (plan * c).sum() + epsilon * (plan * (plan / 0.25).log()).sum()

    expected = cost(x, y) - cost(x, x) / 2 - cost(y, y) / 2
    value = losses.sinkhorn_divergence(x, y, blur=0.5, tolerance=1e-12)
    torch.testing.assert_close(value, expected)
    value = losses.sinkhorn_divergence(x, y, blur=0.5, tolerance=1e-12, debias=False)
    torch.testing.assert_close(value, cost(x, y))


@pytest.mark.parametrize("p", [1, 2])
def test_a_small_blur_gives_the_optimal_assignment(p):
    x, y = cloud(30), cloud(30, 1)
    costs = cdist(x.numpy(), y.numpy()) ** p / p
    exact = costs[linear_sum_assignment(costs)].mean()
    errors = [
        abs(losses.sinkhorn_divergence(x, y, blur=blur, p=p, iterations=3000).item() / exact - 1)
        for blur in (0.2 ** (2 / p), 0.05 ** (2 / p))
    ]
    assert errors[1] < errors[0]
    assert errors[1] < 0.02


def test_a_large_blur_gives_the_distance_of_the_means():
    x, y = cloud(30), cloud(20, 1)
    expected = (x.mean(0) - y.mean(0)).square().sum() / 2
    torch.testing.assert_close(losses.sinkhorn_divergence(x, y, blur=100.0), expected, rtol=1e-3, atol=0)


def test_a_translation_costs_half_its_square():
    x = cloud(25)
    shift = torch.tensor([0.1, -0.2, 0.3]).double()
    value = losses.sinkhorn_divergence(x, x + shift, blur=0.3, tolerance=1e-10)
    torch.testing.assert_close(value, shift.square().sum() / 2)


def test_without_debias_points_shrink_and_with_it_they_stay():
    target = cloud(40)
    for debias, low, high in ((False, 0.0, 0.7), (True, 0.95, 1.05)):
        x = target.clone().requires_grad_()
        for _ in range(30):
            gradient = torch.autograd.grad(losses.sinkhorn_divergence(x, target, blur=0.5, debias=debias), x)[0]
            x.data -= 20 * gradient
        assert low < (x.std(0).norm() / target.std(0).norm()).item() < high


def test_the_result_does_not_depend_on_the_size_of_blocks(monkeypatch):
    x, y = cloud(30).requires_grad_(), cloud(20, 1)
    expected = losses.sinkhorn_divergence(x, y)
    gradient = torch.autograd.grad(expected, x)[0]
    monkeypatch.setattr("diffshape.ops.transport.soft_minimum.PAIRS", 50)
    value = losses.sinkhorn_divergence(x, y)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(torch.autograd.grad(value, x)[0], gradient)


def test_stopping_early_is_said():
    with pytest.warns(UserWarning, match=r"after 1 iterations .* of the mass is not yet where it belongs"):
        losses.sinkhorn_divergence(cloud(30), cloud(30, 1), blur=0.01, iterations=1)


@pytest.mark.parametrize(
    "options", [{"blur": 0.0}, {"blur": -1.0}, {"blur": math.nan}, {"tolerance": 0.0}, {"iterations": 0}]
)
def test_what_cannot_be_asked_is_refused(options):
    with pytest.raises(ValueError, match=r"^sinkhorn_divergence: blur and tolerance must be positive"):
        losses.sinkhorn_divergence(cloud(3), cloud(3), **options)


def test_an_order_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"^sinkhorn_divergence: p must be one of 1, 2, got 3"):
        losses.sinkhorn_divergence(cloud(3), cloud(3), p=3)


def plain_divergence(x, y, blur, final):
    """Sinkhorn in the log domain, eps from diameter^2 down, with no relaxation: equation 3 of Feydy et al."""

    def transport(p, q):
        costs, f, g = cdist(p, q) ** 2 / 2, np.zeros(len(p)), np.zeros(len(q))
        for epsilon in [each**2 for each in np.geomspace(cdist(x, y).max(), blur, 24)] + [blur**2] * final:
            f = -epsilon * logsumexp((g[None] - costs) / epsilon - np.log(len(q)), axis=1)
            g = -epsilon * logsumexp((f[:, None] - costs) / epsilon - np.log(len(p)), axis=0)
        return f.mean() + g.mean()

    return transport(x, y) - transport(x, x) / 2 - transport(y, y) / 2


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_unit_of_length_changes_nothing_else(scale):
    x, y = cloud(40), cloud(40, 1) + 0.3
    box = torch.cat([x, y])
    blur = 0.01 * (box.amax(0) - box.amin(0)).norm().item()
    expected = plain_divergence(x.numpy(), y.numpy(), blur, 500)
    found = losses.sinkhorn_divergence(scale * x, scale * y).item()
    assert found / scale**2 == pytest.approx(expected, rel=2e-3)
    assert losses.sinkhorn_divergence((scale * x).float(), (scale * y).float()).item() == pytest.approx(found, rel=2e-3)


def test_a_blur_far_below_the_distances_gives_the_optimal_assignment():
    x, y = 100 * cloud(40), 100 * cloud(40, 1) + 30
    costs = cdist(x.numpy(), y.numpy()) ** 2 / 2
    exact = costs[linear_sum_assignment(costs)].mean()
    assert losses.sinkhorn_divergence(x, y, blur=0.05).item() == pytest.approx(exact, rel=1e-3)


def test_samples_of_a_batch_have_their_own_scale():
    x, y = cloud(20), cloud(20, 1)
    pair = losses.sinkhorn_divergence(torch.stack([x, 50 * x]), torch.stack([y, 50 * y]), reduction="none")
    assert pair[1].item() == pytest.approx(2500 * pair[0].item(), rel=2e-3)
    both_ends = losses.sinkhorn_divergence(x, x)
    assert abs(both_ends.item()) < 1e-6


@pytest.mark.parametrize("scale", [1e20, 1e30])
def test_what_float32_cannot_square_is_refused(scale):
    x, y = cloud(5).float() * scale, cloud(5, 1).float() * scale
    with pytest.raises(ValueError, match=r"^sinkhorn_divergence: x is too large, squared distances overflow"):
        losses.sinkhorn_divergence(x, y)
    assert math.isfinite(losses.sinkhorn_divergence(x.double(), y.double()).item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_unit_or_a_blur_whose_square_is_lost_divides_by_nothing(dtype):
    x, y = torch.zeros(1, 1, dtype=dtype), torch.full((1, 1), 2.0**-80, dtype=dtype)
    torch.testing.assert_close(losses.sinkhorn_divergence(x, y, blur=2.0**-80, p=1), y.sum())
    y = torch.tensor([[0.5]], dtype=dtype)
    for blur in (1e-25, 1e-300):
        assert losses.sinkhorn_divergence(x, y, blur=blur) == 0.125

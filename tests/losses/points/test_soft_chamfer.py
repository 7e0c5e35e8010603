"""Soft Chamfer: both forms by hand, limits and bounds, the default temperature, the collapse and its cure."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import losses
from diffshape.ops.neighbors.spacing import median_spacing

X = torch.tensor([[0.0]]).double()
Y = torch.tensor([[1.0], [3.0]]).double()


def cloud(count, seed=0):
    return torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("t", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("squared", [False, True])
def test_hand_computed_values(t, squared):
    near, far = (1.0, 9.0) if squared else (1.0, 3.0)
    e_near, e_far = math.exp(-near / t), math.exp(-far / t)
    back = (near + far) / 2  # each point of y has one point to look at
    softmin = -t * math.log((e_near + e_far) / 2) + back
    expectation = (near * e_near + far * e_far) / (e_near + e_far) + back
    for mode, expected in (("softmin", softmin), ("expectation", expectation)):
        value = losses.soft_chamfer_distance(X, Y, temperature=t, mode=mode, squared=squared)
        torch.testing.assert_close(value, torch.tensor(expected).double())


@pytest.mark.parametrize("mode", ["softmin", "expectation"])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_low_temperature_gives_the_chamfer_distance(mode, squared, dtype):
    x, y = cloud(40).to(dtype), cloud(30, 1).to(dtype)
    expected = losses.chamfer_distance(x, y, squared=squared)
    for temperature in (1e-6, 1e-12):
        value = losses.soft_chamfer_distance(x, y, temperature=temperature, mode=mode, squared=squared)
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-4)


@given(st.floats(1e-3, 10), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_it_is_at_least_the_chamfer_distance_and_at_most_the_mean_of_all(t, seed):
    x, y = cloud(12, seed), cloud(9, seed + 1)
    hard, mean = losses.chamfer_distance(x, y, squared=False), 2 * torch.cdist(x, y).mean()
    softmin = losses.soft_chamfer_distance(x, y, temperature=t)
    expectation = losses.soft_chamfer_distance(x, y, temperature=t, mode="expectation")
    assert hard - 1e-9 <= expectation <= softmin + 1e-9  # energy and free energy: they differ by the entropy's share
    assert softmin <= mean + 1e-9
    assert softmin - hard <= t * (math.log(12) + math.log(9)) + 1e-9


def test_only_the_softmin_is_monotone_in_the_distances():
    far = torch.tensor([[1.0], [6.0]]).double().requires_grad_()
    options = {"temperature": 1.0, "y_mask": None}
    softmin = torch.autograd.grad(losses.soft_chamfer_distance(X, far, **options), far)[0]
    back = torch.tensor([[0.5], [0.5]]).double()  # what the other direction adds
    assert (softmin - back > 0).all()
    expectation = torch.autograd.grad(losses.soft_chamfer_distance(X, far, mode="expectation", **options), far)[0]
    assert (expectation - back)[1] < 0


@pytest.mark.parametrize("squared", [False, True])
def test_the_default_temperature_is_two_spacings_of_y(squared):
    x, y = torch.stack([cloud(20), cloud(20, 3)]), torch.stack([cloud(15, 1), 5 * cloud(15, 2)])
    expected = []
    for b in range(2):
        spacing = 2 * median_spacing(y[b : b + 1]).item()
        temperature = spacing**2 if squared else spacing
        expected.append(losses.soft_chamfer_distance(x[b], y[b], temperature=temperature, squared=squared))
    value = losses.soft_chamfer_distance(x, y, squared=squared, reduction="none")
    torch.testing.assert_close(value, torch.stack(expected))


def test_a_single_target_takes_the_spacing_of_x():
    x, y = cloud(20), cloud(1, 1)
    temperature = 2 * median_spacing(x[None]).item()
    expected = losses.soft_chamfer_distance(x, y, temperature=temperature)
    torch.testing.assert_close(losses.soft_chamfer_distance(x, y), expected)


def descend(debias):
    """Where x ends when it starts at the target and follows the gradient at a high temperature."""
    target = cloud(40)
    x = target.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        losses.soft_chamfer_distance(x, target, temperature=1.0, debias=debias).backward()
        optimizer.step()
    return x.detach().std(0).norm() / target.std(0).norm()


def test_a_high_temperature_collapses_the_points_unless_debiased():
    assert descend(debias=False) < 0.1
    assert descend(debias=True) > 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "hard"}, "mode must be one of 'softmin', 'expectation', got 'hard'"),
        ({"temperature": 0.0}, "temperature must be positive, got 0.0"),
        ({"temperature": math.nan}, "temperature must be positive, got nan"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, message):
    with pytest.raises(ValueError, match=f"^soft_chamfer_distance: {message}"):
        losses.soft_chamfer_distance(X, Y, **options)

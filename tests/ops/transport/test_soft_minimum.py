"""soft_minimum: by hand, the kernel against the definition, derivatives, weights of zero, and memory."""

import pytest
import torch

from diffshape.ops.transport import soft_minimum as module
from diffshape.ops.transport.soft_minimum import pull, soft_minimum, soft_minimum_backward, soft_minimum_values


def problem(n=70, m=90, batch=2, dimension=3, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x, y = (torch.rand(batch, count, dimension, generator=generator).to(dtype) for count in (n, m))
    log_weights = torch.randn(batch, m, generator=generator).to(dtype)
    return x, y, log_weights, torch.linspace(0.05, 0.2, batch).to(dtype)


@pytest.mark.parametrize("squared", [False, True])
def test_hand_computed_values(squared):
    x = torch.zeros(1, 1, 1).double()
    y = torch.tensor([[[1.0], [3.0]]]).double()
    value = soft_minimum(x, y, torch.tensor([[0.5, -1.0]]).double(), torch.tensor([2.0]).double(), squared=squared)
    far = 9 if squared else 3
    expected = -2 * torch.tensor([0.5 - 1 / 2, -1 - far / 2]).double().exp().sum().log()
    torch.testing.assert_close(value, expected.reshape(1, 1))


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (33, 7), (70, 2500)])
def test_the_kernel_is_the_definition(squared, dimension, n, m):
    x, y, log_weights, temperature = problem(n, m, dimension=dimension)
    log_weights[0, 0] = -torch.inf if m > 1 else 0.0
    x, y = x.requires_grad_(), y.requires_grad_()
    value = soft_minimum(x, y, log_weights, temperature, squared=squared)
    grad = torch.rand(value.shape, generator=torch.Generator().manual_seed(1))
    exact = [each.detach().double().requires_grad_() for each in (x, y)]
    expected = soft_minimum(*exact, log_weights.double(), temperature.double(), squared=squared)
    torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-5)
    pairs = zip(torch.autograd.grad(value, (x, y), grad), torch.autograd.grad(expected, exact, grad.double()))
    for actual, wanted in pairs:
        torch.testing.assert_close(actual.double(), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("squared", [False, True])
def test_first_and_second_derivatives(squared):
    x, y, log_weights, temperature = problem(4, 5, dtype=torch.float64)

    def values(x, y):
        return soft_minimum(x, y, log_weights, temperature, squared=squared)

    assert torch.autograd.gradcheck(values, (x.requires_grad_(), y.requires_grad_()))
    assert torch.autograd.gradgradcheck(values, (x, y))


@pytest.mark.parametrize("squared", [False, True])
def test_second_derivatives_in_float32_are_those_in_float64(squared):
    results = []
    for dtype in (torch.float32, torch.float64):
        x, y, log_weights, temperature = (each.to(dtype) for each in problem(12, 10))
        x, y = x.requires_grad_(), y.requires_grad_()
        value = soft_minimum(x, y, log_weights, temperature, squared=squared).square().sum()
        first = torch.autograd.grad(value, (x, y), create_graph=True)
        results.append(torch.autograd.grad(sum(each.square().sum() for each in first), (x, y)))
    for actual, wanted in zip(*results):
        torch.testing.assert_close(actual.double(), wanted, rtol=1e-3, atol=1e-2)


def test_coincident_points_pull_nowhere():
    x = torch.zeros(1, 3, 3, requires_grad=True)
    value = soft_minimum(x, torch.zeros(1, 4, 3), torch.zeros(1, 4), torch.ones(1), squared=False)
    value.sum().backward()
    assert torch.equal(x.grad, torch.zeros(1, 3, 3))


@pytest.mark.parametrize("temperature", [1e-12, 1e-6, 1e6, 1e12])
def test_extreme_temperatures_stay_finite(temperature):
    x, y, _, _ = problem()
    x = x.requires_grad_()
    value = soft_minimum(x, y, torch.full((2, 90), -4.5), torch.full((2,), temperature), squared=True)
    value.sum().backward()
    assert value.isfinite().all()
    assert x.grad.isfinite().all()


def test_blocks_of_rows_change_nothing(monkeypatch):
    x, y, log_weights, temperature = problem(dtype=torch.float64)
    ones = torch.ones_like(log_weights)
    scores = torch.zeros(2, 70).double() - 9

    def results():
        return (
            soft_minimum(x, y, log_weights, temperature, squared=True),
            pull(x, y, scores, log_weights, ones, temperature, True),
        )

    whole = results()
    monkeypatch.setattr(module, "PAIRS", 200)
    for actual, expected in zip(results(), whole):
        torch.testing.assert_close(actual, expected)


def test_the_operators_keep_their_promises_to_pytorch():
    x, y, log_weights, temperature = problem(6, 5)
    values = soft_minimum_values(x, y, log_weights, temperature, True)
    torch.library.opcheck(soft_minimum_values, (x, y, log_weights, temperature, True))
    torch.library.opcheck(
        soft_minimum_backward, (x, y, log_weights, temperature, True, values, torch.ones_like(values))
    )

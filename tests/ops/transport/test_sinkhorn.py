"""entropic_transport: its plan has the right marginals, and both sides see the same problem."""

import pytest
import torch

from diffshape.ops.transport.sinkhorn import entropic_transport, solve_transport, transport_gradient

SETTINGS = {"blur": 0.3, "tolerance": 1e-11, "iterations": 5000}


def problem(n=20, m=15, batch=2):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.rand(batch, count, 3, generator=generator).double() for count in (n, m))
    a, b = (torch.rand(batch, count, generator=generator).double() for count in (n, m))
    return x, y, a / a.sum(-1, keepdim=True), b / b.sum(-1, keepdim=True)


@pytest.mark.parametrize("p", [1, 2])
def test_the_potentials_make_a_plan_with_both_marginals(p):
    x, y, a, b = problem()
    result = entropic_transport(x, y, a, b, p=p, **SETTINGS)
    costs = torch.cdist(x, y) ** p / p
    exponents = (result.x_potentials[:, :, None] + result.y_potentials[:, None] - costs) / 0.3**p
    plan = a[:, :, None] * b[:, None] * exponents.exp()
    torch.testing.assert_close(plan.sum(2), a)
    torch.testing.assert_close(plan.sum(1), b)
    primal = (plan * costs).sum((1, 2)) + 0.3**p * (plan * exponents).sum((1, 2))
    torch.testing.assert_close(result.values, primal)


@pytest.mark.parametrize("p", [1, 2])
def test_a_set_with_itself_needs_fewer_steps_for_the_same(p):
    x, _, a, _ = problem()
    alone = entropic_transport(x, x, a, a, p=p, **SETTINGS)
    between = entropic_transport(x, x.clone(), a, a, p=p, **SETTINGS)
    torch.testing.assert_close(alone.values, between.values)
    torch.testing.assert_close(alone.x_potentials, alone.y_potentials)


def test_both_sides_see_the_same_problem():
    x, y, a, b = problem()
    forth = entropic_transport(x, y, a, b, p=2, **SETTINGS)
    back = entropic_transport(y, x, b, a, p=2, **SETTINGS)
    torch.testing.assert_close(forth.values, back.values)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("alone", [False, True])
def test_first_and_second_derivatives(p, alone):
    x, y, a, b = problem(5, 4, batch=1)

    def value(x, y):
        others = (x, a) if alone else (y, b)
        return entropic_transport(
            x, others[0], a, others[1], p=p, **SETTINGS | {"blur": 0.7, "tolerance": 1e-14}
        ).values

    assert torch.autograd.gradcheck(value, (x.requires_grad_(), y.requires_grad_()))
    assert torch.autograd.gradgradcheck(value, (x, y), atol=1e-6)


def test_a_point_without_weight_is_not_there():
    x, y, a, b = problem(batch=1)
    b = torch.where(torch.arange(15) < 10, b, 0)
    b = b / b.sum()
    far = torch.where((torch.arange(15) < 10)[:, None], y, 50.0)
    expected = entropic_transport(x, y[:, :10], a, b[:, :10], p=2, **SETTINGS).values
    torch.testing.assert_close(entropic_transport(x, far, a, b, p=2, **SETTINGS).values, expected)


def test_the_operators_keep_their_promises_to_pytorch():
    x, y, a, b = problem(6, 5)
    blur = torch.full_like(a[:, 0], 0.5)
    torch.library.opcheck(solve_transport, (x, y, a, b, blur, 2, 1e-6, 100, False))
    values, f, g, updates, relaxation = solve_transport(x, y, a, b, blur, 2, 1e-6, 100, False)
    arguments = x, y, a, b, f, g, updates, relaxation, blur, 2, False, torch.ones_like(values)
    torch.library.opcheck(transport_gradient, arguments)

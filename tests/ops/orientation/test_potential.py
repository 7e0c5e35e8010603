"""The potential: its definition by hand and by autograd, and the tree held to it."""

import math

import pytest
import torch

from diffshape.ops.orientation.potential import Sources, reference_potential


def drawn(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = (count, 3), (count,), (count, 3)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def test_one_charge_and_one_dipole():
    point, queries = torch.zeros(1, 3, dtype=torch.float64), torch.tensor([[0.0, 3.0, 0.0]], dtype=torch.float64)
    charge = reference_potential(point, torch.ones(1), 0 * point, queries, 4.0)
    assert charge.value.item() == pytest.approx(1 / (4 * math.pi * 5))
    dipole = reference_potential(point, torch.zeros(1), torch.tensor([[0.0, 2.0, 0.0]]), queries, 4.0)
    assert dipole.value.item() == pytest.approx(-2 * 3 / (4 * math.pi * 125))


def test_the_gradient_is_the_derivative():
    points, charges, dipoles = drawn(20)
    queries = drawn(7, seed=1)[0].requires_grad_()
    potential = reference_potential(points, charges, dipoles, queries, 0.3)
    (expected,) = torch.autograd.grad(potential.value.sum(), queries)
    torch.testing.assert_close(potential.gradient, expected)


def test_fields_of_charges_are_the_adjoint_of_winding_numbers():
    points, charges, dipoles = drawn(50)
    sources = Sources(points, torch.ones(50, dtype=torch.float64))
    winding = sources.potential(dipoles=dipoles, width=0.2, beta=math.inf).value
    field = -sources.potential(charges=charges, width=0.2, beta=math.inf).gradient
    assert (charges * winding).sum().item() == pytest.approx((field * dipoles).sum().item())


@pytest.mark.parametrize("count", [1, 16, 3000])
def test_the_tree_computes_the_definition(count):
    points, charges, dipoles = drawn(count)
    queries = drawn(100, seed=1)[0]
    sources = Sources(points, dipoles.norm(dim=1))
    expected = reference_potential(points, charges, dipoles, queries, 0.2)
    exact = sources.potential(charges=charges, dipoles=dipoles, queries=queries, width=0.2, beta=math.inf)
    torch.testing.assert_close(exact, expected, rtol=1e-9, atol=1e-11)
    near = sources.potential(charges=charges, dipoles=dipoles, queries=queries, width=0.2)
    assert (near.value - expected.value).norm() < 0.03 * expected.value.norm()
    assert (near.gradient - expected.gradient).norm() < 0.03 * expected.gradient.norm()


def test_at_the_points_themselves_and_at_no_points():
    points, _, dipoles = drawn(200)
    sources = Sources(points, torch.ones(200, dtype=torch.float64))
    own = sources.potential(dipoles=dipoles, width=0.2, beta=math.inf)
    other = sources.potential(dipoles=dipoles, queries=points.clone(), width=0.2, beta=math.inf)
    torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-11)
    assert sources.potential(dipoles=dipoles, queries=points[:0], width=0.2).gradient.shape == (0, 3)
    nothing = Sources(points[:0], points[:0, 0]).potential(queries=points, width=0.2)
    assert not nothing.value.any()
    assert not nothing.gradient.any()

"""The implicit gradient against finite differences of a point that really rides on the moving level set."""

import pytest
import torch

from diffshape.losses.implicit.level_set_motion import distance_from_level_set


def normals(count, seed=0):
    directions = torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(directions, dim=-1)


def ellipsoid(theta, x):
    """Off-centre, anisotropic, and no distance: theta = centre, radii."""
    return ((x - theta[:3]) / theta[3:]).square().sum(-1) - 1


def plane(theta, x):
    """theta = normal (not of unit length), offset."""
    return x @ theta[:3] - theta[3]


FIELDS = {
    "ellipsoid": (ellipsoid, torch.tensor([0.2, -0.1, 0.3, 0.7, 1.1, 0.4], dtype=torch.float64)),
    "plane": (plane, torch.tensor([0.5, -1.0, 2.0, 0.3], dtype=torch.float64)),
}


def slide(field, theta, x, direction):
    """The point of the level set on the line through x along a fixed direction, by Newton's method."""
    step = torch.zeros(len(x), dtype=x.dtype)
    for _ in range(30):
        at = x + step[:, None] * direction
        step = step - field(theta, at) / (gradient_of(field, theta, at) * direction).sum(-1)
    return x + step[:, None] * direction


def gradient_of(field, theta, x):
    return torch.func.grad(lambda y: field(theta, y).sum())(x)


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("squared", [False, True])
def test_equals_finite_differences_along_the_normal(name, squared):
    field, theta = FIELDS[name]
    start = normals(12) + torch.tensor([0.2, -0.1, 0.3], dtype=torch.float64)
    direction = start - torch.tensor([0.2, -0.1, 0.3], dtype=torch.float64)
    x = slide(field, theta, start, direction)
    others = x + 0.4 * normals(12, seed=1)
    g = gradient_of(field, theta, x)
    normal = torch.nn.functional.normalize(g, dim=-1)

    def total(theta):
        offset = slide(field, theta, x, normal) - others
        return (offset.square().sum(-1) if squared else offset.norm(dim=-1)).sum()

    moving = theta.clone().requires_grad_()
    distance = distance_from_level_set(field(moving, x), g, x, others, squared=squared)
    torch.testing.assert_close(distance.sum(), total(theta))
    (got,) = torch.autograd.grad(distance.sum(), moving)
    for index, unit in enumerate(1e-5 * torch.eye(len(theta), dtype=theta.dtype)):
        expected = (total(theta + unit) - total(theta - unit)) / 2e-5
        torch.testing.assert_close(got[index], expected, rtol=1e-7, atol=1e-8)


def test_other_points_get_their_gradient_and_constants_none():
    x, g = normals(3).requires_grad_(), normals(3, seed=1).requires_grad_()
    others = normals(3, seed=2).requires_grad_()
    distance_from_level_set(torch.zeros(3, dtype=x.dtype), g, x, others, squared=False).sum().backward()
    torch.testing.assert_close(others.grad, torch.nn.functional.normalize((others - x).detach(), dim=-1))
    assert x.grad is None
    assert g.grad is None


@pytest.mark.parametrize("squared", [False, True])
def test_no_normal_and_no_offset_give_zero_gradients(squared):
    values = torch.zeros(2, requires_grad=True)
    x = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    gradients = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    others = torch.tensor([[3.0, 0.0, 0.0], [0.0, 2.0, 0.0]], requires_grad=True)
    distance = distance_from_level_set(values, gradients, x, others, squared=squared)
    distance.sum().backward()
    assert distance.tolist() == [4.0 if squared else 2.0, 0.0]
    assert values.grad.tolist() == [0, 0]
    assert torch.isfinite(others.grad).all()

"""The loss over closest triangles: values, units, masks, and what it is for. Geometry is tested with the operation."""

import igl
import numpy as np
import pytest
import torch

from diffshape.data import icosphere
from diffshape.losses import point_to_mesh_distance

TRIANGLE = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]])
FACES = torch.tensor([[0, 1, 2]])
BALL = icosphere(1)
BALL_VERTICES, BALL_FACES = torch.from_numpy(BALL.vertices), torch.from_numpy(BALL.faces)


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_hand_values():
    points = torch.tensor([[1.0, 1, 3], [5, 0, 0], [-3, -4, 0]])
    assert point_to_mesh_distance(points, TRIANGLE, FACES) == (9 + 1 + 25) / 3
    assert point_to_mesh_distance(points, TRIANGLE, FACES, squared=False) == 3
    pair = torch.stack([points, 0 * points]), torch.stack([TRIANGLE] * 2)
    assert point_to_mesh_distance(*pair, FACES, squared=False, reduction="none").tolist() == [3, 0]
    assert point_to_mesh_distance(*pair, FACES, squared=False, reduction="sum") == 3


@pytest.mark.parametrize("squared", [True, False])
def test_equals_libigl(squared):
    points = cloud(300, 3)
    theirs, _, _ = igl.point_mesh_squared_distance(points.numpy(), BALL.vertices, BALL.faces)
    expected = theirs.mean() if squared else np.sqrt(theirs).mean()
    assert point_to_mesh_distance(points, BALL_VERTICES, BALL_FACES, squared=squared).item() == pytest.approx(expected)


@pytest.mark.parametrize("squared", [True, False])
def test_zero_with_a_zero_gradient_on_the_mesh(squared):
    points = torch.tensor([[1.0, 1, 0], [2, 0, 0], [4, 0, 0]], requires_grad=True)
    vertices = TRIANGLE.clone().requires_grad_()
    loss = point_to_mesh_distance(points, vertices, FACES, squared=squared)
    assert loss == 0
    first = torch.autograd.grad(loss, (points, vertices), create_graph=True)
    second = torch.autograd.grad(sum(each.sum() for each in first), (points, vertices))
    for gradient in (*first, *second):
        assert torch.isfinite(gradient).all()
    assert not any(gradient.any() for gradient in first)


def test_a_ball_grows_onto_a_larger_one():
    points = torch.from_numpy(icosphere(2, radius=0.8).vertices)
    vertices = BALL_VERTICES
    for _ in range(60):
        vertices = vertices.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(point_to_mesh_distance(points, vertices, BALL_FACES), vertices)
        vertices = vertices - 10 * gradient
    # inscribed in the points' sphere the triangles of this coarse ball stay within about 0.07 of it
    assert point_to_mesh_distance(points, vertices, BALL_FACES, squared=False) < 0.03
    assert point_to_mesh_distance(points, BALL_VERTICES, BALL_FACES, squared=False) > 0.3


def test_no_points():
    assert point_to_mesh_distance(torch.zeros(0, 3), TRIANGLE, FACES) == 0


def test_the_compiler_sees_one_graph():
    points = cloud(2, 9, 3)
    meshes = torch.stack([BALL_VERTICES] * 2)
    compiled = torch.compile(
        lambda p, v, f: point_to_mesh_distance(p, v, f, squared=False), backend="eager", fullgraph=True
    )
    expected = point_to_mesh_distance(points, meshes, BALL_FACES, squared=False)
    assert torch.equal(compiled(points, meshes, BALL_FACES), expected)


def test_bad_input():
    with pytest.raises(ValueError, match=r"^point_to_mesh_distance: mask must have shape \(5,\)"):
        point_to_mesh_distance(torch.zeros(5, 3), TRIANGLE, FACES, mask=torch.ones(4, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"points must have shape \(N, 3\) like vertices, got \(1, 5, 3\)"):
        point_to_mesh_distance(torch.zeros(1, 5, 3), TRIANGLE, FACES)
    with pytest.raises(ValueError, match="reduction must be"):
        point_to_mesh_distance(torch.zeros(5, 3), TRIANGLE, FACES, reduction="median")

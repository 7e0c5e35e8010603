"""The loss over closest points: values, units, masks, and what it is for. Geometry is tested with the operation."""

import pytest
import torch

from diffshape.data import icosphere
from diffshape.losses import mesh_to_points_distance, point_to_mesh_distance

VERTICES = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [9, 4, 0]])
FACES = torch.tensor([[0, 1, 2], [1, 2, 3]])
POINTS = torch.tensor([[1.0, 1, 3], [9, 4, 1]])
BALL_VERTICES, BALL_FACES = (torch.from_numpy(part) for part in icosphere(1))


def test_hand_values():
    assert mesh_to_points_distance(POINTS, VERTICES, FACES) == (9 + 1) / 2
    assert mesh_to_points_distance(POINTS, VERTICES, FACES, squared=False) == 2
    pair = torch.stack([POINTS, 0 * POINTS]), torch.stack([VERTICES] * 2)
    each = mesh_to_points_distance(*pair, FACES, reduction="none")
    torch.testing.assert_close(each, torch.tensor([5.0, 4.0]))  # the origin is sqrt 8 from the side of the second face
    assert mesh_to_points_distance(*pair, FACES, reduction="sum") == each.sum()


@pytest.mark.parametrize("squared", [True, False])
def test_zero_with_a_zero_gradient_where_every_triangle_has_its_point(squared):
    points = VERTICES[FACES].mean(1).requires_grad_()
    vertices = VERTICES.clone().requires_grad_()
    loss = mesh_to_points_distance(points, vertices, FACES, squared=squared)
    loss.backward()
    assert loss < 1e-6
    assert torch.isfinite(points.grad).all()
    assert torch.isfinite(vertices.grad).all()


def test_a_part_that_no_point_asks_for_is_pulled_in():
    """A spike that leaves the cloud costs nothing in one direction, and is paid for in the other."""
    vertices = torch.cat([BALL_VERTICES, torch.tensor([[0.0, 0, 5], [0.1, 0, 5], [0, 0.1, 5]]).double()])
    faces = torch.cat([BALL_FACES, torch.tensor([[42, 43, 44]])])
    points = BALL_VERTICES.clone()
    assert point_to_mesh_distance(points, vertices, faces) < 1e-20
    vertices = vertices.requires_grad_()
    loss = mesh_to_points_distance(points, vertices, faces)
    assert loss.item() == pytest.approx(4.5**2 / 81, rel=1e-3)
    loss.backward()
    assert vertices.grad[42:, 2].sum() > 0.1
    assert vertices.grad[:42].abs().max() < 1e-9


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    points, vertices = POINTS.to(dtype), VERTICES.to(dtype)
    value = mesh_to_points_distance(points, vertices, FACES)
    assert value.dtype == torch.float32
    assert value == 5


def test_bad_input():
    with pytest.raises(ValueError, match="every sample of points needs a point"):
        mesh_to_points_distance(POINTS[:0], VERTICES, FACES)
    with pytest.raises(ValueError, match="faces must hold at least one triangle"):
        mesh_to_points_distance(POINTS, VERTICES, FACES[:0])
    with pytest.raises(ValueError, match="reduction must be"):
        mesh_to_points_distance(POINTS, VERTICES, FACES, reduction="batch")

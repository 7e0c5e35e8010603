from dataclasses import replace

import numpy as np
import pytest
import torch

from diffshape.fitting.methods import initial_distances as start
from diffshape.fitting.methods.initial_distances import InitialDistances, signed_distance

BOUNDS = (-0.8, 0.8)


def targets(sphere_target, seed=0):
    return InitialDistances(sphere_target, BOUNDS, torch.Generator().manual_seed(seed))


def test_distances_are_those_of_the_sphere(sphere_target):
    made = targets(sphere_target)
    truth = made.points.norm(dim=-1) - 0.5
    assert (made.distances - truth).abs().max() < 0.004
    near = truth.abs() < 0.02
    assert (made.distances - truth)[near].abs().max() < 1e-3  # by the tangent plane
    assert (made.distances.sign() == truth.sign())[truth.abs() > 1e-3].all()


def test_points_crowd_near_the_surface_and_reach_the_corners(sphere_target):
    points = targets(sphere_target).points
    assert points.shape == (start._POOL, 3)
    assert ((points.norm(dim=-1) - 0.5).abs() < 0.1).double().mean() > 0.6
    assert points.abs().max() > 0.75


def test_far_away_the_winding_number_gives_the_sign(sphere_target):
    points = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.1, 0.0], [0.75, 0.75, 0.75], [0.0, 0.0, 3.0]])
    assert signed_distance(sphere_target, points).sign().tolist() == [-1, -1, 1, 1]


def test_behind_an_open_surface_distances_are_negative(sphere_target):
    upper = sphere_target.normals[:, 2] > 0
    points, normals = sphere_target.points[upper], sphere_target.normals[upper]
    dome = replace(sphere_target, points=points, normals=normals, areas=None)
    places = torch.tensor([[0.0, 0, 0.1], [0, 0, 0.3], [0, 0, 0.51], [0, 0, 0.75]])
    np.testing.assert_allclose(signed_distance(dome, places), places[:, 2] - 0.5, atol=0.01)


def test_the_loss_of_the_true_field_is_almost_0_and_grows_with_the_error(sphere_target, sphere_field):
    made = targets(sphere_target)
    right, larger, wrong = (made.loss(sphere_field(radius)).item() for radius in (0.5, 0.51, 0.6))
    assert right < 0.03
    assert right < larger < wrong


@pytest.mark.parametrize(
    ("distance", "loss"), [(0.01, 0.02 / 0.015), (-0.02, 0.05 / 0.025), (0.0, 0.03 / 0.005), (0.5, 0.47 / 0.505)]
)
def test_the_loss_is_the_relative_error_with_a_floor(distance, loss, sphere_target, sphere_field):
    """Whatever is drawn: the field is 0.03 at every point, and the distance it should have is the same everywhere."""
    made = targets(sphere_target)
    made.points = 0.5 * torch.nn.functional.normalize(made.points, dim=-1)
    made.distances = torch.full_like(made.distances, distance)
    field = sphere_field(0.47)
    found = made.loss(field)
    torch.testing.assert_close(found, torch.tensor(loss), rtol=1e-4, atol=0)
    found.backward()
    slope = (-1 if distance < 0.03 else 1) / (abs(distance) + 0.005)  # a larger radius lowers the field
    torch.testing.assert_close(field.radius.grad, torch.tensor(slope), rtol=1e-4, atol=0)


def test_the_seed_decides(sphere_target, sphere_field):
    first, again, other = (targets(sphere_target, seed) for seed in (0, 0, 1))
    assert torch.equal(first.points, again.points)
    assert not torch.equal(first.points, other.points)
    field = sphere_field(0.4)
    assert first.loss(field) == again.loss(field)
    assert first.loss(field) != first.loss(field)  # a fresh batch


def test_the_field_may_be_float64(sphere_target, sphere_field):
    assert targets(sphere_target).loss(sphere_field(0.4).double()).dtype == torch.float64

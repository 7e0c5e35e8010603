import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import icosphere
from diffshape.fitting.surface.measured_points import MeasuredPoints
from diffshape.fitting.surface.open_mesh import open_mesh

STEP = 0.02
SPACING = STEP * (np.pi * 2 / 8) ** 0.5


def plane(count=101):
    """A square of side 2 as triangles."""
    x, y = np.meshgrid(np.linspace(-1, 1, count), np.linspace(-1, 1, count), indexing="ij")
    corner = np.arange(count * count).reshape(count, count)
    a, b, c, d = (each.ravel() for each in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1), faces


def measured(keep):
    grid = torch.cartesian_prod(torch.arange(-40, 41), torch.arange(-40, 41), torch.tensor([0])).double() * STEP
    return MeasuredPoints.of(grid[keep(grid)], {})


def test_the_boundary_runs_about_a_spacing_outside_the_points():
    vertices, faces = open_mesh(*plane(), measured(lambda p: p.norm(dim=1) < 0.5))
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.euler_number == 1
    assert mesh.area == pytest.approx(np.pi * (0.5 + SPACING) ** 2, rel=0.03)
    radius = np.linalg.norm(vertices, axis=1)
    rim = np.unique(mesh.edges_sorted[trimesh.grouping.group_rows(mesh.edges_sorted, require_count=1)])
    assert 0.5 - 0.2 * STEP < radius[rim].min() <= radius.max() < 0.5 + 2 * SPACING


def test_a_hole_stays_open_and_a_gap_is_closed():
    hole = measured(lambda p: (p.norm(dim=1) < 0.6) & (p.norm(dim=1) > 0.2))
    gap = measured(lambda p: (p.norm(dim=1) < 0.6) & (p.norm(dim=1) > 2.4 * SPACING))
    numbers = [trimesh.Trimesh(*open_mesh(*plane(), points), process=False).euler_number for points in (hole, gap)]
    assert numbers == [0, 1]


def test_a_surface_with_points_everywhere_stays_closed():
    sphere = icosphere(4)
    vertices, faces = open_mesh(*sphere, MeasuredPoints.of(torch.from_numpy(sphere.vertices), {}))
    np.testing.assert_array_equal(vertices, sphere.vertices)
    np.testing.assert_array_equal(faces, sphere.faces)


def test_a_surface_far_from_all_points_is_empty():
    vertices, faces = open_mesh(icosphere(2).vertices + 50, icosphere(2).faces, measured(lambda p: p[:, 0] < 9))
    assert (vertices.shape, faces.shape) == ((0, 3), (0, 3))

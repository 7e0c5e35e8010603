import numpy as np
import pytest
import torch

from diffshape.fitting.surface.creases import with_creases
from diffshape.ops import OrientedSurface, isosurface
from diffshape.ops.meshes.topology import edge_uses

HALF = 0.4
SPACING = 0.04


def rounded_box(radius, half=HALF):
    """Distance to a cube whose edges are rounded, as a smooth field has them."""

    def field(x):
        beyond = x.abs() - (half - radius)
        return beyond.clamp_min(0).norm(dim=-1) + beyond.amax(-1).clamp_max(0) - radius

    return field


def cube_points(half=HALF):
    """Points and normals on the six sides of a cube."""
    steps = torch.arange(-half + SPACING / 4, half, SPACING, dtype=torch.float64)
    u, v = torch.cartesian_prod(steps, steps).T
    points, normals = [], []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = torch.eye(3, dtype=torch.float64)[axis] * sign
            points.append(torch.stack([u, v, torch.full_like(u, half * sign)], 1).roll(axis + 1, 1))
            normals.append(normal.expand(len(u), 3))
    return torch.cat(points), torch.cat(normals)


def oriented(points, normals, error=0.0):
    return OrientedSurface(points, normals, torch.full((len(points),), error), SPACING, lambda places: places[:, 0])


def meshed(field):
    return isosurface(field, resolution=48, bounds=(-0.61, 0.6), closed=True, dtype=torch.float64)


def to_cube(vertices):
    beyond = vertices.abs() - HALF
    return beyond.clamp_min(0).norm(dim=1) + beyond.amax(1).clamp_max(0)


def sharpened(field, points, normals, error=0.0):
    vertices, faces = meshed(field)
    return vertices, faces, with_creases(vertices, faces, oriented(points, normals, error), field(points))


@pytest.fixture(scope="module")
def cube():
    return sharpened(rounded_box(0.05), *cube_points())


def test_rounded_edges_of_a_cube_become_sharp(cube):
    before, _, after = cube
    assert to_cube(before).abs().max() > 0.02  # what the rounding takes from the corners
    assert to_cube(after).abs().max() < 0.01
    assert to_cube(after).abs().mean() < 0.05 * to_cube(before).abs().mean()


def test_vertices_come_to_lie_on_the_edges(cube):
    on_edge = [(((each.abs() - HALF).abs() < 1e-3).sum(1) >= 2).sum() for each in (cube[0], cube[2])]
    assert on_edge[0] == 0
    assert on_edge[1] > 150


def test_the_mesh_stays_closed_and_faces_outside(cube):
    _, faces, after = cube
    uses = edge_uses(faces)
    assert bool((uses.faces == 2).all())
    assert bool((uses.balance == 0).all())
    corners = after[faces]
    volume = (corners[:, 0] * torch.linalg.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx((2 * HALF) ** 3, rel=1e-3)


def test_vertices_away_from_edges_stay_exactly_in_their_places(cube):
    before, _, after = cube
    from_edge = before.abs().sort(dim=1).values[:, 1] < HALF - 4 * SPACING
    assert from_edge.sum() > 100
    assert torch.equal(before[from_edge], after[from_edge])


def test_a_rounded_cube_that_was_measured_so_stays_as_it_is():
    field = rounded_box(0.1)
    vertices, faces = meshed(field)
    points = vertices[torch.from_numpy(np.random.default_rng(0).permutation(len(vertices))[:2400])].requires_grad_()
    (normals,) = torch.autograd.grad(field(points).sum(), points)
    points = points.detach()
    assert torch.equal(with_creases(vertices, faces, oriented(points, normals), field(points)), vertices)


def test_points_that_may_be_wrong_by_more_than_the_rounding_sharpen_nothing():
    before, _, after = sharpened(rounded_box(0.05), *cube_points(), error=SPACING)
    assert torch.equal(before, after)


def test_a_sphere_stays_as_it_is():
    points = torch.nn.functional.normalize(torch.from_numpy(np.random.default_rng(0).normal(size=(2000, 3))), dim=1)
    vertices, faces = meshed(lambda x: x.norm(dim=-1) - 0.45)
    surface = oriented(0.45 * points, points)
    assert torch.equal(with_creases(vertices, faces, surface, torch.zeros(2000)), vertices)


def test_no_faces_and_few_points_are_taken():
    nothing = torch.empty(0, 3, dtype=torch.float64)
    points, normals = (each[:2] for each in cube_points())
    surface = oriented(points, normals)
    assert with_creases(nothing, nothing.long(), surface, torch.zeros(2)).shape == (0, 3)
    vertices, faces = meshed(rounded_box(0.05))
    assert torch.equal(with_creases(vertices, faces, surface, torch.zeros(2)), vertices)

import pytest
import torch

from diffshape.fitting.scans.sides import given_sides, sides_along_surface
from diffshape.ops import NeighborIndex


def neighbors_of(points, k=17):
    return NeighborIndex(points).query(points, k).indices


def either_way(normals, seed=3):
    signs = torch.randint(2, (len(normals), 1), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    return normals * signs


def terrain(count=3000):
    """A plain with waves, whose up and down are alike, and its upward normals."""
    xy = torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.5
    x, y = (12 * xy).unbind(1)
    slopes = 0.6 * torch.stack([x.cos() * y.sin(), x.sin() * y.cos()], dim=1)
    points = torch.cat([xy, (0.05 * x.sin() * y.sin())[:, None]], dim=1)
    return points, torch.nn.functional.normalize(torch.cat([-slopes, torch.ones(count, 1)], dim=1), dim=1)


def agreement(points, truth, **options):
    turned = sides_along_surface(points, either_way(truth), neighbors_of(points), **options)
    return float(((turned * truth).sum(1) > 0).double().mean())


def test_a_terrain_looks_up():
    assert agreement(*terrain()) == 1


def test_a_bowl_looks_outward_wherever_it_opens(clouds):
    points, normals = clouds.sphere(3000)
    for axis in range(3):
        for side in (-1, 1):
            part = side * points[:, axis] < 0.1
            assert agreement(points[part], normals[part]) == 1


def test_sides_cross_the_edges_of_a_plate(clouds):
    assert agreement(*clouds.slab(8000, thickness=0.3)) > 0.99


def test_each_part_has_a_side_of_its_own(clouds):
    points, normals = clouds.sphere(1500)
    flat, up = terrain()
    both = torch.cat([points, flat + torch.tensor([0.0, 0, 2])]), torch.cat([normals, up])
    assert agreement(*both) == 1


def test_a_cloud_of_two_points_is_answered():
    points = torch.tensor([[0.0, 0, 0], [1, 0, 0]], dtype=torch.float64)
    up = torch.tensor([[0.0, 0, 1], [0, 0, -1]], dtype=torch.float64)
    assert sides_along_surface(points, up, neighbors_of(points, 2)).tolist() == [[0, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_given_normals_that_agree_are_followed(clouds, side):
    points, normals = clouds.torus(3000)
    given = side * torch.nn.functional.normalize(clouds.noisy(normals, 0.2), dim=1)
    given[::3] = 0  # points without a normal
    given[::40] *= -1  # a few wrong ones
    turned = given_sides(points, either_way(normals), given, neighbors_of(points))
    assert bool(((turned * normals).sum(1) * side > 0).all())


def test_given_normals_of_a_thin_plate_are_followed_on_both_sides(clouds):
    points, normals = clouds.slab(8000, thickness=0.02)  # 1.2 spacings
    turned = given_sides(points, either_way(normals), normals, neighbors_of(points))
    assert ((turned * normals).sum(1) > 0).double().mean() > 0.99


def test_given_normals_that_contradict_one_another_or_the_points_are_not(clouds):
    points, normals = clouds.torus(3000)
    neighbors = neighbors_of(points)
    across = torch.linalg.cross(normals, torch.tensor([0.0, 0, 1], dtype=torch.float64).expand_as(normals), dim=1)
    for given in (either_way(normals, 9), across, torch.zeros_like(normals)):
        assert given_sides(points, either_way(normals), given, neighbors) is None

"""Sides of drawn solids, invariances, confidence, and awkward clouds."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from diffshape.ops import orient_points
from diffshape.ops.visibility import fibonacci_directions


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sphere(count=3000, radius=0.5, seed=0):
    normals = normalize(torch.randn(count, 3, generator=generator(seed), dtype=torch.float64), dim=1)
    return radius * normals, normals


def torus(count=4000, ring=0.35, tube=0.15):
    around, along = 2 * math.pi * torch.rand(2, count, generator=generator(), dtype=torch.float64)
    away = torch.stack([around.cos(), around.sin(), 0 * around], dim=1)
    normals = along.cos()[:, None] * away + along.sin()[:, None] * torch.tensor([0.0, 0.0, 1.0])
    return ring * away + tube * normals, normals


def nested_spheres():
    """A hollow ball: the normals of the inner wall, which no direction sees, point to the centre."""
    outer, inner = sphere(4000), sphere(1500, 0.3, seed=1)
    return torch.cat([outer[0], inner[0]]), torch.cat([outer[1], -inner[1]])


def plate(count=12_000, thickness=0.03):
    """A square plate of side 1, about two and a half spacings thick, with its rims."""
    half = torch.tensor([0.5, 0.5, thickness / 2], dtype=torch.float64)
    axis = torch.multinomial(1 / half, count, replacement=True, generator=generator())
    normals = torch.nn.functional.one_hot(axis, 3) * (2.0 * torch.randint(2, (count, 1), generator=generator(1)) - 1)
    points = (2 * torch.rand(count, 3, generator=generator(2), dtype=torch.float64) - 1) * half
    return torch.where(normals != 0, normals * half, points), normals.double()


def unsigned(normals):
    """The normals with signs drawn at random."""
    return normals * (2.0 * torch.randint(2, (len(normals), 1), generator=generator(9)) - 1)


def right(found, truth):
    return ((found * truth).sum(1) > 0).double().mean().item()


@pytest.mark.parametrize("shape", [sphere, torus, nested_spheres, plate])
def test_all_sides_of_drawn_solids_are_right(shape):
    points, truth = shape()
    oriented = orient_points(points, normals=unsigned(truth))
    torch.testing.assert_close(oriented.normals, truth)
    assert right(orient_points(points).normals, truth) > 0.998


@pytest.mark.parametrize("shape", [sphere, nested_spheres])
def test_without_a_guess_many_rounds_from_a_wide_blur_find_the_sides(shape):
    points, truth = shape()
    oriented = orient_points(points, normals=unsigned(truth), directions=0, rounds=40, widths=(8.0, 0.75))
    assert right(oriented.normals, truth) > 0.999
    assert not oriented.seen_from.any()


def test_sides_survive_noise_of_half_the_spacing():
    points, truth = torus()
    noise = 0.01 * torch.randn(points.shape, generator=generator(3), dtype=torch.float64)
    assert right(orient_points(points + noise, normals=unsigned(truth)).normals, truth) > 0.99


def test_confidence_is_high_where_sides_are_clear_and_low_in_a_cloud_without_surface():
    oriented = orient_points(sphere()[0])
    assert oriented.confidence.min() > 0.3
    assert oriented.confidence.mean() > 0.9
    assert oriented.decided.double().mean() > 0.99
    noise = orient_points(torch.rand(3000, 3, generator=generator(), dtype=torch.float64))
    assert noise.confidence.mean() < 0.8
    assert noise.decided.double().mean() < 0.8


def test_what_no_direction_sees_is_reported():
    oriented = orient_points(nested_spheres()[0])
    assert (oriented.seen_from[:4000] != 0).any(dim=1).all()
    assert not oriented.seen_from[4000:].any()


def test_the_winding_number_of_the_result_is_the_solid():
    points, _ = torus()
    winding = orient_points(points).winding(points)
    assert winding.volume == pytest.approx(2 * math.pi**2 * 0.35 * 0.15**2, rel=0.08)
    assert winding.inside(torch.tensor([[0.35, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, -0.35, 0.0]])).tolist() == [1, 0, 1]


def test_turning_moving_and_scaling_the_points():
    points, truth = torus()
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator(3), dtype=torch.float64))
    plain = orient_points(points)
    moved = orient_points(4000 * points @ turn.T + 1e5)
    assert ((plain.normals @ turn.T) * moved.normals).sum(1).min() > 0.9
    torch.testing.assert_close(moved.areas, 1.6e7 * plain.areas, rtol=1e-6, atol=0)
    assert moved.spacing == pytest.approx(4000 * plain.spacing)
    assert right(moved.normals, truth @ turn.T) == 1.0


def test_both_sides_of_the_wall_of_a_cup():
    """The wall is 1.6 spacings thick, and the depth images look through it."""
    points, truth = cup()
    oriented = orient_points(points, normals=unsigned(truth))
    assert 1.7 * oriented.spacing > 0.06
    assert right(oriented.normals, truth) > 0.99


def cup(count=8000):
    """Points and normals of a tube with a bottom, and a wall 0.06 thick."""
    height, outer, inner, bottom = 1.4, 0.6, 0.54, 0.06
    g = generator(5)
    parts = []
    for radius, low, side in ((outer, 0.0, 1.0), (inner, bottom, -1.0)):
        share = radius * (height - low)
        angle, level = (torch.rand(int(count * share / 2.1), 2, generator=g, dtype=torch.float64)).T
        normal = torch.stack([(2 * math.pi * angle).cos(), (2 * math.pi * angle).sin(), 0 * angle], dim=1)
        up = torch.stack([0 * level, 0 * level, low + (height - low) * level], dim=1)
        parts.append((radius * normal + up, side * normal))
    for radius, z, side in ((outer, 0.0, -1.0), (inner, bottom, 1.0)):
        disk = 2 * radius * (torch.rand(int(count * radius**2 / 1.65), 2, generator=g, dtype=torch.float64) - 0.5)
        disk = disk[disk.norm(dim=1) < radius]
        z_axis = torch.tensor([0.0, 0.0, side], dtype=torch.float64).expand(len(disk), 3)
        parts.append((torch.cat([disk, torch.full_like(disk[:, :1], z)], dim=1), z_axis))
    return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])


def test_same_bits_for_any_number_of_threads():
    points, _ = nested_spheres()
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(orient_points(points))
    torch.set_num_threads(before)
    assert torch.equal(found[0].normals, found[1].normals)
    assert torch.equal(found[0].confidence, found[1].confidence)


def test_dtype_of_the_points_and_single_precision():
    points, truth = sphere(1000)
    oriented = orient_points(points.float(), normals=unsigned(truth))
    assert {each.dtype for each in oriented[:4]} == {torch.float32}
    assert right(oriented.normals.double(), truth) == 1.0
    assert orient_points(points.half()).normals.dtype == torch.float32


def test_given_areas_weigh_and_normals_of_length_0_are_found():
    points, truth = sphere(2000)
    areas = torch.full((2000,), math.pi / 2000)
    normals = torch.where(torch.arange(2000)[:, None] < 1000, unsigned(truth), 0.0)
    oriented = orient_points(points, normals=3 * normals, areas=areas)
    torch.testing.assert_close(oriented.normals[:1000], truth[:1000])
    assert (oriented.normals * truth).sum(1)[1000:].min() > 0.5
    assert torch.equal(oriented.areas, areas.double())
    assert oriented.spacing == pytest.approx((math.pi / 2000) ** 0.5)


@pytest.mark.parametrize("points", [torch.zeros(0, 3), torch.ones(1, 3), torch.ones(20, 3)])
def test_clouds_without_a_surface_are_undecided(points):
    oriented = orient_points(points)
    assert oriented.normals.shape == points.shape
    assert oriented.normals.isfinite().all()
    assert not oriented.confidence.any()
    assert not oriented.decided.any()
    assert oriented.spacing == 0
    assert not oriented.winding(points).value(torch.rand(5, 3)).any()


def test_repeated_points_turn_alike():
    points, truth = sphere(1000)
    oriented = orient_points(points.repeat(3, 1), normals=unsigned(truth).repeat(3, 1))
    assert right(oriented.normals, truth.repeat(3, 1)) == 1.0


def test_two_points():
    assert orient_points(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])).normals.isfinite().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": torch.zeros(5, 2)}, r"points must have shape \(N, 3\), got \(5, 2\)"),
        ({"points": torch.full((5, 3), math.nan)}, "points has non-finite coordinates"),
        ({"normals": torch.zeros(4, 3)}, r"normals must have shape \(5, 3\), got \(4, 3\)"),
        ({"normals": torch.full((5, 3), math.inf)}, "normals has non-finite coordinates"),
        ({"areas": torch.ones(4)}, r"areas must have shape \(5,\), got \(4,\)"),
        ({"areas": -torch.ones(5)}, "areas must be 0 or more, got -1"),
        ({"rounds": -1}, "rounds and directions must be 0 or more, got -1 and 64"),
        ({"directions": -1}, "rounds and directions must be 0 or more, got 16 and -1"),
        ({"widths": (1.0, 0.0)}, r"widths must be positive and finite, got \(1.0, 0.0\)"),
    ],
)
def test_what_cannot_be_used_is_named(change, message):
    with pytest.raises(ValueError, match=f"orient_points: {message}"):
        orient_points(**{"points": fibonacci_directions(5), **change})

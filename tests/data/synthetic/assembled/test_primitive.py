import numpy as np
import pytest
from scipy.special import elliprg

from diffshape.data.synthetic.assembled.block import Blocks
from diffshape.data.synthetic.assembled.primitive import picked
from diffshape.data.synthetic.assembled.rod import Rods
from diffshape.data.synthetic.assembled.superquadric import Superquadrics

SIDES = np.array([[0.4, 0.15, 0.25], [0.2, 0.3, 0.25]])
PRIMITIVES = {
    "blocks": Blocks(SIDES),
    "rods": Rods(np.array([0.3, 0.2]), np.array([0.2, 0.3]), np.array([0.2, 0.05])),
    "ellipsoids": Superquadrics(SIDES, np.array([2.0, 2.0]), np.array([2.0, 2.0])),
    "superquadrics": Superquadrics(SIDES, np.array([2.0, 7.0]), np.array([8.0, 3.0])),
}
EVERY = pytest.mark.parametrize("solids", PRIMITIVES.values(), ids=PRIMITIVES.keys())
GRID = np.stack(np.meshgrid(*[(np.arange(60) + 0.5) / 60 - 0.5] * 3, indexing="ij"), axis=-1).reshape(1, -1, 3)


def inside(solids, points):
    return solids.inside(tuple(np.moveaxis(points, -1, 0)))


def proposals(solids, count):
    rows = np.repeat([0, 1], count)
    return [part.reshape(2, count, *part.shape[1:]) for part in solids.propose(rows, np.random.default_rng(0))]


@EVERY
def test_places_are_inside_where_the_signed_function_is_negative(solids):
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 4000, 3))
    np.testing.assert_array_equal(inside(solids, points), solids.signed(points) < 0)
    assert (inside(solids, points).mean(axis=1) > 0.02).all()


@EVERY
def test_the_signed_function_changes_no_faster_than_space(solids):
    points = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 4000, 3))
    change = np.abs(solids.signed(points[:, 1:]) - solids.signed(points[:, :-1]))
    assert (change <= np.linalg.norm(points[:, 1:] - points[:, :-1], axis=2) + 1e-12).all()


@EVERY
def test_proposals_are_on_the_surface_and_their_normals_point_outward(solids):
    points, normals, _ = proposals(solids, 2000)
    np.testing.assert_allclose(solids.signed(points), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, rtol=1e-12)
    steps = 1e-6 * np.eye(3)
    slopes = np.stack([solids.signed(points + step) - solids.signed(points - step) for step in steps], axis=-1)
    slopes /= np.linalg.norm(slopes, axis=2, keepdims=True)
    aligned = (slopes * normals).sum(axis=2) > 1 - 1e-6
    assert aligned.mean() > 0.999  # all but those within a step of an edge


@EVERY
def test_what_is_kept_of_the_proposals_has_constant_density_over_the_area(solids):
    """By the divergence theorem, int p . n = 3 V and int |p|^2 p . n = 5 int |p|^2 over the solid."""
    points, normals, kept = proposals(solids, 100_000)
    flux = solids.measure()[:, None] * kept * (points * normals).sum(axis=2)
    full = inside(solids, np.broadcast_to(GRID, (2, *GRID.shape[1:])))
    squared = (GRID**2).sum(axis=2)
    np.testing.assert_allclose(flux.mean(axis=1), 3 * full.mean(axis=1), rtol=0.02)
    np.testing.assert_allclose(
        (flux * (points**2).sum(axis=2)).mean(axis=1), 5 * (full * squared).mean(axis=1), rtol=0.03
    )
    np.testing.assert_allclose((solids.measure()[:, None, None] * kept[..., None] * normals).mean(axis=1), 0, atol=0.01)


def test_the_area_of_an_ellipsoid_is_that_of_its_closed_form():
    solids = PRIMITIVES["ellipsoids"]
    kept = proposals(solids, 100_000)[2]
    a, b, c = SIDES.T
    area = 4 * np.pi * elliprg((a * b) ** 2, (a * c) ** 2, (b * c) ** 2)
    np.testing.assert_allclose(solids.measure() * kept.mean(axis=1), area, rtol=0.01)


@EVERY
def test_lines_enter_and_leave_on_the_surface(solids):
    random = np.random.default_rng(3)
    start, direction = random.uniform(-0.7, 0.7, (2, 2, 3000, 3))
    direction[:, :200] = (0, -1, 0)  # along the axes of rods, and the sides of boxes
    direction[:, 200:400] = (1, 0, 0)
    enter, leave = solids.cross(tuple(np.moveaxis(start, -1, 0)), tuple(np.moveaxis(direction, -1, 0)))
    hit = enter < leave
    for time in (enter, leave):
        ends = start + np.where(hit, time, 0)[..., None] * direction
        np.testing.assert_allclose(solids.signed(ends)[hit], 0, atol=1e-9)
    times = np.linspace(-3, 3, 400)
    held = np.stack([inside(solids, start + time * direction) for time in times], axis=-1)
    between = (enter[..., None] <= times) & (times <= leave[..., None])
    assert (held == between).mean() > 0.9999
    assert 0.1 < hit.mean() < 0.9


def test_some_of_a_batch_are_those_of_these_rows():
    np.testing.assert_array_equal(picked(PRIMITIVES["blocks"], np.array([1, 1])).half_sides, SIDES[[1, 1]])
    assert picked(PRIMITIVES["rods"], slice(1, 2)).top.tolist() == [0.05]

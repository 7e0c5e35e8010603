"""Errors of scans are those asked for, and every point knows what is true of it."""

import numpy as np
import pytest

from diffshape.data import DrawnSolid, drawn_scan, drawn_solid
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.parts import Part
from diffshape.data.synthetic.drawn.revolved import Revolved

BALL = DrawnSolid((Part(Revolved(((0.0, 0.0),), 0.5)),))
BOX = DrawnSolid((Part(BeveledBox((0.5, 0.3, 0.2))),))


@pytest.mark.parametrize("kind", ["gaussian", "laplace", "grid"])
def test_noise_has_the_standard_deviation_that_is_asked_for(kind):
    scan = drawn_scan(BALL, 20_000, noise=0.01, noise_kind=kind)
    error = scan.points - scan.surface
    assert error.std(axis=0) == pytest.approx(np.full(3, 0.01), rel=0.03)
    assert error.mean(axis=0) == pytest.approx(np.zeros(3), abs=5e-4)
    assert np.linalg.norm(scan.surface, axis=1) == pytest.approx(0.5)
    assert scan.normals == pytest.approx(2 * scan.surface)


def test_kinds_of_noise_differ_in_their_tails():
    tails = {}
    for kind in ("gaussian", "laplace", "grid"):
        scan = drawn_scan(BALL, 20_000, noise=0.01, noise_kind=kind)
        tails[kind] = ((scan.points - scan.surface) ** 4).mean() / 0.01**4
    assert tails == pytest.approx({"gaussian": 3, "laplace": 6, "grid": 1.8}, rel=0.15)


def test_a_grid_has_few_coordinates():
    points = drawn_scan(BALL, 5000, noise=0.01, noise_kind="grid").points
    steps = points / (0.01 * np.sqrt(12))
    assert np.abs(steps - steps.round()).max() < 1e-9


@pytest.mark.parametrize("views", [0, 3])
def test_noise_along_rays_has_their_direction(views):
    scan = drawn_scan(BALL, 20_000, noise=0.01, noise_kind="ray", views=views)
    error = scan.points - scan.surface
    length = np.linalg.norm(error, axis=1)
    assert np.sqrt((length**2).mean()) == pytest.approx(0.01, rel=0.03)
    cosine = np.abs((error * scan.normals).sum(axis=1)) / length
    if views:
        for view in range(3):
            lines = error[scan.views == view] / length[scan.views == view, None]
            assert np.abs(lines @ lines[0]) == pytest.approx(1, abs=1e-9)
        assert cosine.min() > 0.2 - 1e-9
    else:
        assert cosine.mean() == pytest.approx(2 / 3, abs=0.01)  # of a cosine-weighted hemisphere


def test_errors_do_not_move_the_surface_points():
    clean = drawn_scan(BOX, 3000, views=2, unevenness=1.0, holes=2)
    dirty = drawn_scan(BOX, 3000, views=2, unevenness=1.0, holes=2, noise=0.01, outliers=0.1, misalignment=0.01)
    assert np.array_equal(clean.surface, dirty.surface)
    assert np.array_equal(clean.points, clean.surface)
    assert np.array_equal(clean.normals, dirty.normals)
    assert np.array_equal(clean.views, dirty.views)
    assert np.array_equal(clean.holes, dirty.holes)


def test_outliers_are_marked():
    scan = drawn_scan(BALL, 10_000, outliers=0.1)
    far = np.abs(np.linalg.norm(scan.points, axis=1) - 0.5) > 1e-9
    assert np.array_equal(far, scan.outliers)
    assert scan.outliers.sum() == 1000
    assert np.abs(scan.points).max() == pytest.approx(0.75, abs=0.02)


def test_misaligned_views_are_rigidly_moved():
    scan = drawn_scan(BOX, 6000, views=3, misalignment=0.02)
    shifts = []
    for view in range(3):
        rows = scan.views == view
        assert rows.sum() > 100
        moved, still = scan.points[rows][:100], scan.surface[rows][:100]
        distances = [np.linalg.norm(each[:, None] - each, axis=-1) for each in (moved, still)]
        assert distances[0] == pytest.approx(distances[1], abs=1e-12)
        shifts.append((moved - still).mean(axis=0))
    assert np.linalg.norm(np.diff(shifts, axis=0), axis=1).min() > 1e-3
    assert np.linalg.norm(shifts, axis=1).max() < 0.15


@pytest.mark.parametrize("count", [1, 1000, 60_000])
def test_any_number_of_points(count):
    scan = drawn_scan(drawn_solid(1), count, noise=0.005, views=4, unevenness=2.3)
    assert len(scan) == len(scan.points) == len(scan.normals) == len(scan.outliers) == count


def test_same_seed_same_bits():
    options = {"noise": 0.01, "unevenness": 1.0, "outliers": 0.01, "views": 3, "misalignment": 0.01, "holes": 3}
    first, again, other = (drawn_scan(BOX, 500, seed=seed, **options) for seed in (7, 7, 8))
    for name in ("points", "surface", "normals", "outliers", "views", "holes"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.points, other.points)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"noise": -1.0}, "noise must be a number from 0 to 1"),
        ({"unevenness": 11.0}, "unevenness must be a number from 0 to 10"),
        ({"outliers": 1.0}, r"outliers must be in \[0, 1\)"),
        ({"misalignment": 0.1}, "misalignment is between views"),
        ({"views": -1}, "views must be at least 0"),
        ({"holes": 101}, "holes must be at most 100, got 101"),
        ({"noise_kind": "salt"}, "noise_kind"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        drawn_scan(**{"solid": BALL, "count": 10, **options})

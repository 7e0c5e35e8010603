import igl
import numpy as np
import pytest

from diffshape.data import Mesh, demo_scan, procedural_object, read_mesh, read_points, simulate_scan

SPHERE = procedural_object("sphere").mesh(64)


def test_even_and_clean_lies_on_the_surface():
    points = simulate_scan(SPHERE, 20_000)
    radius = np.linalg.norm(points, axis=1)
    assert points.shape == (20_000, 3)
    assert np.abs(radius - 0.5).max() < 1e-3
    octants = np.unique(points > 0, axis=0, return_counts=True)[1]
    assert octants / 20_000 == pytest.approx(np.full(8, 1 / 8), abs=0.01)


@pytest.mark.parametrize("size", [1.0, 50.0])
def test_noise_is_a_fraction_of_the_longest_side(size):
    mesh = Mesh(SPHERE.vertices * size, SPHERE.faces)
    error = simulate_scan(mesh, 20_000, noise=0.01) - simulate_scan(mesh, 20_000)
    assert error.std(axis=0) == pytest.approx(np.full(3, 0.01 * size), rel=0.03)
    assert error.mean(axis=0) == pytest.approx(np.zeros(3), abs=3e-4 * size)


def test_uneven_density_is_smooth_bounded_and_on_the_surface():
    points = simulate_scan(SPHERE, 40_000, unevenness=2.0)
    assert points.shape == (40_000, 3)
    assert np.abs(np.linalg.norm(points, axis=1) - 0.5).max() < 1e-3
    octants = np.unique(points > 0, axis=0, return_counts=True)[1]
    assert octants.max() / octants.min() > 1.3
    assert octants.max() / octants.min() < np.exp(2)
    stronger = simulate_scan(SPHERE, 40_000, unevenness=4.0)
    ratio = np.unique(stronger > 0, axis=0, return_counts=True)[1]
    assert ratio.max() / ratio.min() > octants.max() / octants.min()


def test_outliers_are_as_many_as_said_and_fill_the_larger_box():
    clean, points = simulate_scan(SPHERE, 10_000), simulate_scan(SPHERE, 10_000, outliers=0.1)
    moved = (points != clean).any(axis=1)
    assert moved.sum() == 1000
    assert np.abs(points).max() <= 0.75 + 1e-3
    assert np.abs(points[moved]).max(axis=0) == pytest.approx(np.full(3, 0.75), abs=0.01)


def test_same_seed_same_bits():
    options = {"noise": 0.01, "unevenness": 1.0, "outliers": 0.01}
    first, again, other = (simulate_scan(SPHERE, 500, seed=seed, **options) for seed in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_unused_vertices_do_not_count():
    mesh = Mesh(np.vstack([SPHERE.vertices, [[100.0, 0, 0]]]), SPHERE.faces)
    assert np.array_equal(
        simulate_scan(mesh, 50, noise=0.1, outliers=0.1), simulate_scan(SPHERE, 50, noise=0.1, outliers=0.1)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"noise": -1.0}, "noise must be a number of 0 or more"),
        ({"noise": np.nan}, "noise must be a number of 0 or more"),
        ({"unevenness": 11.0}, r"unevenness must be in \[0, 10\]"),
        ({"outliers": 1.0}, r"outliers must be in \[0, 1\)"),
        ({"mesh": (SPHERE.vertices, SPHERE.faces[:0])}, "faces is empty"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_scan(**{"mesh": SPHERE, "count": 10, **options})


def test_demo_is_near_its_truth():
    points, truth = demo_scan(2000, seed=1)
    squared, _, _ = igl.point_mesh_squared_distance(points, truth.vertices, truth.faces)
    assert points.shape == (2000, 3)
    assert 0.001 < np.sqrt(squared.mean()) < 0.003
    assert np.array_equal(points, simulate_scan(truth, 2000, noise=0.002, unevenness=1.0, seed=1))


@pytest.mark.shared_data
def test_noise_means_what_it_means_in_the_shared_scans(shared):
    mesh = read_mesh(shared / "data" / "meshes" / "spot.ply")
    real = read_points(shared / "data" / "scans" / "spot_0.01.ply").points
    ours = simulate_scan(mesh, 30_000, noise=0.01)
    squared = [igl.point_mesh_squared_distance(points, mesh.vertices, mesh.faces)[0] for points in (real, ours)]
    assert np.sqrt(squared[0]).mean() == pytest.approx(np.sqrt(squared[1]).mean(), rel=0.02)

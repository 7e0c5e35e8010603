"""Scores of cleaned scans by hand, and the ways to clean that need nothing from elsewhere."""

import numpy as np
import pytest
import trimesh

from benchmarks.quality.scan_cleaners import JET_SIZES, Cleaned, jets, raw
from benchmarks.quality.scan_cleaning import Truth, is_asked, read_truth, score
from benchmarks.quality.unseen_scans import UNSEEN, unseen_scan
from diffshape.data import Mesh, torus_mesh

UP = np.array([0.0, 0.0, 1.0])


@pytest.fixture
def square():
    """A unit square in the plane z = 0."""
    corners = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0.5, 0.5, 0], [-0.5, 0.5, 0]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return Truth(Mesh(corners, faces), np.array([UP, UP]), np.zeros(3), 1.0)


def test_the_truth_is_put_in_the_frame_in_which_its_longest_side_is_1(tmp_path):
    vertices, faces = torus_mesh()
    trimesh.Trimesh(3 * vertices + 5, faces).export(tmp_path / "torus.ply")
    truth = read_truth(tmp_path / "torus.ply")
    low, high = truth.mesh.vertices.min(axis=0), truth.mesh.vertices.max(axis=0)
    assert (high - low).max() == pytest.approx(1)
    assert low + high == pytest.approx(np.zeros(3), abs=1e-6)
    assert np.linalg.norm(truth.normals, axis=1) == pytest.approx(np.ones(len(faces)))


def test_errors_are_distances_to_triangles_and_angles_of_either_sign(square):
    tilted = np.array([np.sin(0.1), 0, -np.cos(0.1)])
    distances, angles = square.errors(np.array([[0.1, 0.2, 0.03], [0.9, 0, 0.3]]), np.array([UP, tilted]))
    assert distances == pytest.approx([0.03, 0.5])
    assert angles == pytest.approx([0, np.degrees(0.1)])


def test_the_best_setting_is_taken_for_points_and_for_normals_apart(square):
    points = np.array([[0.0, 0, 0.004], [0.3, 0, 0.004]])
    rows, right, wrong = np.arange(2), np.stack([UP, UP]), np.eye(3)[:2]
    near, far = points / 2, points * 2
    results = [Cleaned(far, right, rows, "a"), Cleaned(near, wrong, rows, "b")]
    row = score(square, points, results, with_outliers=False)
    assert (row["distance"], row["setting"]) == (2.0, "b")
    assert (row["normal_deg"], row["normal_setting"]) == (0.0, "a")
    moved = np.linalg.norm(near - points, axis=1).mean() / 0.3  # each is 0.3 from the other
    assert row["moved"] == pytest.approx(moved, abs=1e-5)


def test_marks_are_right_far_from_the_surface_and_marked_points_do_not_count(square):
    points = np.array([[0.0, 0, 0], [0.1, 0, 0.002], [0.2, 0, 0.4], [0.3, 0, 0.5]])
    kept = np.array([0, 3])
    row = score(square, points, [Cleaned(points[kept], None, kept)], with_outliers=True)
    assert row["distance"] == pytest.approx(250)
    assert (row["marked"], row["outlying"], row["marked_outlying"]) == (2, 2, 1)


def test_jets_of_every_size_flatten_a_noisy_plane(square):
    generator = np.random.default_rng(0)
    points = generator.uniform(-0.5, 0.5, (400, 3)) * [1, 1, 0.02]
    (before, _), *_ = (square.errors(each.points, None) for each in raw(points))
    results = list(jets(points))
    assert [each.setting for each in results] == [str(size) for size in JET_SIZES]
    errors = [square.errors(each.points, each.normals) for each in results]
    assert max(distances.mean() for distances, _ in errors) < 0.8 * before.mean()
    assert errors[-1][1].mean() < errors[0][1].mean()


@pytest.mark.parametrize("kind", sorted(set(UNSEEN) - {"400,000 points"}))
def test_a_scan_with_unseen_noise_is_the_same_every_time_and_near_the_surface(square, kind):
    points = unseen_scan(kind, square.mesh)
    assert np.array_equal(points, unseen_scan(kind, square.mesh))
    assert len(points) == (1000 if kind == "1,000 points" else 30_000)
    size = np.abs(points[:, 2]).mean()
    assert size < 0.006
    assert (size > 0.001) == (kind != "grid")


def test_a_grid_scan_has_coordinates_on_the_grid(square):
    steps = unseen_scan("grid", square.mesh) / 0.005
    assert np.abs(steps - steps.round()).max() < 1e-9


def test_wlop_is_spared_clean_and_large_scans():
    assert is_asked("wlop", "0.005", 30_000)
    assert not is_asked("wlop", "0", 30_000)
    assert not is_asked("wlop", "dense", 400_000)
    assert is_asked("jet", "0", 400_000)

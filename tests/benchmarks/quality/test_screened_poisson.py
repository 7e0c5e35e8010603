"""Poisson reconstruction is given what a fit prepares, in its frame, and its meshes have the units of the scan."""

import numpy as np
import pytest

from benchmarks.quality import screened_poisson
from diffshape.data import Mesh, write_points
from diffshape.ops.visibility import fibonacci_directions


@pytest.fixture
def given(monkeypatch):
    """What reconstruction was given, settings last, in place of it; the points come back as vertices."""
    seen = []

    def poisson(points, normals, depth, weight):
        seen.append((points, normals, depth, weight))
        return Mesh(points, np.zeros((1, 3), np.int64))

    monkeypatch.setattr(screened_poisson, "poisson", poisson)
    return seen


def test_exact_points_are_meshed_as_they_are_in_the_units_of_the_scan(given, tmp_path):
    sphere = 7.0 + 3.0 * fibonacci_directions(2000).numpy()
    write_points(tmp_path / "scan.ply", sphere)
    ((name, mesh),) = screened_poisson.surfaces(tmp_path / "scan.ply")
    ((points, normals, *settings),) = given
    assert (name, settings) == ("mesh_depth_10_weight_20.ply", [10, 20.0])
    assert np.ptp(points, axis=0).max() == pytest.approx(1, abs=0.01)
    assert (normals * points).sum(axis=1).min() > 0.4  # 0.5 along the radius
    assert np.linalg.norm(mesh.vertices - 7.0, axis=1) == pytest.approx(np.full(2000, 3.0), abs=1e-4)


def test_smoothed_points_are_meshed_with_both_weights(given, tmp_path):
    noise = 0.03 * np.random.default_rng(0).standard_normal((2000, 3))
    write_points(tmp_path / "scan.ply", fibonacci_directions(2000).numpy() + noise)
    names = [name for name, _ in screened_poisson.surfaces(tmp_path / "scan.ply")]
    assert names == ["mesh_depth_8_weight_1.ply", "mesh_depth_8_weight_4.ply"]
    assert np.array_equal(given[0][0], given[1][0])

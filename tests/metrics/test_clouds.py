"""The score of a cloud against a surface: hand values, the floor, peers, invariances, and input it must refuse."""

import json

import igl
import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import torus_mesh
from diffshape.data.area_samples import area_samples
from diffshape.metrics import compare_cloud_to_surface

SQUARE = np.array([[0.0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]]), np.array([[0, 1, 2], [0, 2, 3]])
TORUS = torus_mesh()


def drawn(count, seed=0):
    return area_samples(*TORUS, count, generator=np.random.default_rng(seed))


def test_values_by_hand():
    grid = np.stack(np.meshgrid(np.linspace(0, 2, 201), np.linspace(0, 2, 201), 0.04), -1).reshape(-1, 3)
    score = compare_cloud_to_surface(np.concatenate([grid, [[1, 1, 10.0]]]), SQUARE, threshold=0.03, samples=2000)
    assert score.longest_side == 2
    assert score.points == 201**2 + 1
    assert score.accuracy == pytest.approx(0.02 + (5 - 0.02) / score.points)
    assert score.completeness == pytest.approx(0.02, rel=0.05)
    assert score.chamfer == (score.accuracy + score.completeness) / 2
    assert score.ideal_completeness == pytest.approx(0.5 * (1 / score.points) ** 0.5)
    assert score.hausdorff == 5
    assert score.precision == pytest.approx(1 - 1 / score.points)
    assert score.recall == 1


def test_half_a_surface_is_accurate_and_not_complete():
    points = drawn(4000)
    whole = compare_cloud_to_surface(points, TORUS, samples=2000)
    half = compare_cloud_to_surface(points[points[:, 0] > 0], TORUS, samples=2000)
    assert whole.accuracy < 1e-12
    assert half.accuracy < 1e-12
    assert whole.completeness == pytest.approx(whole.ideal_completeness, rel=0.1)
    assert half.completeness > 5 * half.ideal_completeness
    assert half.precision == 1
    assert half.recall == pytest.approx(whole.recall / 2, rel=0.15)


def test_accuracy_equals_libigl():
    points = np.random.default_rng(1).normal(size=(300, 3))
    squared, _, _ = igl.point_mesh_squared_distance(points, *TORUS)
    side = float((TORUS.vertices.max(0) - TORUS.vertices.min(0)).max())
    assert compare_cloud_to_surface(points, TORUS).accuracy == pytest.approx(np.sqrt(squared).mean() / side, rel=1e-12)


@given(seed=st.integers(0, 1000), shift=st.floats(-100, 100), scale=st.floats(1e-3, 1e3))
@settings(max_examples=15, deadline=None)
def test_units_do_not_matter(seed, shift, scale):
    points = drawn(200, seed) + 0.01
    here = compare_cloud_to_surface(points, TORUS, samples=300).to_dict()
    there = compare_cloud_to_surface(
        scale * (points + shift), (scale * (TORUS.vertices + shift), TORUS.faces), samples=300
    ).to_dict()
    assert there.pop("longest_side") == pytest.approx(scale * here.pop("longest_side"))
    assert there == pytest.approx(here, rel=1e-6)


def test_inputs_are_read_alike_and_the_seed_decides():
    points = drawn(50)
    expected = compare_cloud_to_surface(points, SQUARE, samples=100)
    tensors = torch.from_numpy(SQUARE[0]).requires_grad_(), torch.from_numpy(SQUARE[1])
    assert compare_cloud_to_surface(torch.from_numpy(points), tensors, samples=100) == expected
    assert compare_cloud_to_surface(points.tolist(), trimesh.Trimesh(*SQUARE, process=False), samples=100) == expected
    assert compare_cloud_to_surface(points, SQUARE, samples=100, seed=1) != expected


def test_text_and_json():
    score = compare_cloud_to_surface([[1.0, 1, 0.2]], SQUARE, samples=500)
    assert json.loads(json.dumps(score.to_dict()))["accuracy"] == pytest.approx(0.1)
    assert str(score).startswith("accuracy x1e3 100.000, completeness x1e3 ")
    assert "(1 points of the truth itself: 500.000)" in str(score)


@pytest.mark.parametrize(
    ("points", "truth", "options", "message"),
    [
        (np.zeros((0, 3)), SQUARE, {}, r"points must have shape \(N, 3\) with N >= 1, got \(0, 3\)"),
        (np.zeros((4, 2)), SQUARE, {}, r"points must have shape \(N, 3\) with N >= 1, got \(4, 2\)"),
        ([[0, 0, float("nan")]], SQUARE, {}, "points has non-finite coordinates"),
        ([[0, 0, 0]], (SQUARE[0], SQUARE[1] + 1), {}, "truth faces must index vertices 0 to 3"),
        ([[0, 0, 0]], (0 * SQUARE[0], SQUARE[1]), {}, "truth has no face of positive area"),
        ([[0, 0, 0]], SQUARE, {"samples": 0}, "samples must be at least 1, got 0"),
        ([[0, 0, 0]], SQUARE, {"threshold": 0.0}, "threshold must be a positive number, got 0"),
    ],
)
def test_bad_input(points, truth, options, message):
    with pytest.raises(ValueError, match=f"^compare_cloud_to_surface: {message}"):
        compare_cloud_to_surface(points, truth, **options)

import math

import numpy as np
import pytest
import torch
import trimesh

from diffshape.metrics import compare_as_published, published_offset
from diffshape.ops import isosurface

BALL = trimesh.creation.icosphere(3)
NOTHING = (np.zeros((0, 3)), np.zeros((0, 3), np.int64))


def moved(mesh, offset):
    return mesh.vertices + offset, mesh.faces


def test_two_samples_of_one_surface_have_the_floor_that_theory_gives():
    """Mean distance to the nearest of n random points on an area: 0.5 sqrt(area / n); mean square: area / (pi n)."""
    floor, area = compare_as_published(BALL, BALL, samples=20_000), math.pi  # a sphere of diameter 1
    assert floor.chamfer == pytest.approx(0.5 * math.sqrt(area / 20_000), rel=0.03)
    assert floor.chamfer_squared == pytest.approx(area / (math.pi * 20_000), rel=0.05)


def test_parallel_sheets_are_as_far_apart_as_they_are():
    flat = trimesh.Trimesh([[0, 0, 0], [4, 0, 0], [4, 4, 0], [0, 4, 0]], [[0, 1, 2], [0, 2, 3]])
    score = compare_as_published(moved(flat, [0, 0, 2]), flat, samples=2000)
    assert score.chamfer == pytest.approx(0.5, abs=1e-3)  # shares of the longest side, 4
    assert score.chamfer_squared == pytest.approx(0.25, abs=1e-3)
    assert score.normal_deg == 0


def test_a_surface_inside_out_is_forgiven_and_a_turned_one_is_not():
    vertices, faces = np.asarray(BALL.vertices), np.asarray(BALL.faces)
    right = compare_as_published(BALL, BALL, samples=2000).normal_deg
    assert compare_as_published((vertices, faces[:, ::-1].copy()), BALL, samples=2000).normal_deg == pytest.approx(
        right, abs=0.2
    )
    flat = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    upright = flat[:, [2, 0, 1]]
    score = compare_as_published((upright, [[0, 1, 2]]), (flat, [[0, 1, 2]]), samples=50)
    assert score.normal_deg == pytest.approx(90)


def test_units_of_the_input_do_not_matter():
    far = [(np.asarray(mesh.vertices) * 1000 + 5, mesh.faces) for mesh in (trimesh.creation.box(), BALL)]
    near = compare_as_published(trimesh.creation.box(), BALL, samples=500)
    assert compare_as_published(*far, samples=500).chamfer == pytest.approx(near.chamfer)


def test_an_empty_surface_has_no_numbers():
    score = compare_as_published(NOTHING, BALL, samples=10)
    assert (score.chamfer, score.chamfer_squared, score.normal_deg) == (None, None, None)
    assert str(score) == "no surface"
    with pytest.raises(ValueError, match="truth has no face of positive area"):
        compare_as_published(BALL, NOTHING)


def test_the_offset_is_that_of_the_official_mesher():
    """Its 64^3 sphere of radius 0.5 comes out with centre -0.0125 and radius 0.492."""
    vertices, _ = isosurface(lambda x: x.norm(dim=-1) - 0.5, resolution=64, bounds=(-0.8, 0.8))
    wrong = torch.from_numpy(published_offset(vertices.numpy(), center=(0.0, 0.0, 0.0), side=1.6, resolution=64))
    center = (wrong.amin(0) + wrong.amax(0)) / 2
    assert center.tolist() == pytest.approx([-0.0125] * 3, abs=1e-4)
    assert (wrong - center).norm(dim=1).mean().item() == pytest.approx(0.492, abs=5e-4)


def test_a_box_elsewhere_keeps_its_lower_corner():
    moved_corner = published_offset(
        np.array([[9.0, 10.0, 11.0], [11.0, 12.0, 13.0]]), center=(10.0, 11.0, 12.0), side=2.0
    )
    assert moved_corner[0].tolist() == [9, 10, 11]
    assert moved_corner[1].tolist() == pytest.approx([9 + 2 * 511 / 512, 10 + 2 * 511 / 512, 11 + 2 * 511 / 512])

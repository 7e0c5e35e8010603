"""Normals and areas under warps and displacements are those of finite differences."""

import numpy as np
import pytest

from diffshape.data.synthetic.drawn.deformation import Waves, displaced
from diffshape.data.synthetic.drawn.relief import WaveRelief

from .drawn_examples import CLOSED

WARP = Waves(((0.02, 0.0, 0.01), (0.0, 0.03, -0.02)), ((3.0, 8.0, -2.0), (5.0, 0.0, 4.0)), (0.3, 2.0))
STEP = 1e-5


def tangents(normals):
    first = np.cross(normals, np.random.default_rng(0).standard_normal(normals.shape))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return first, np.cross(normals, first)


def crossed(move, points, normals):
    """Directions and sizes of the cross products of moved tangents, by central differences."""
    sides = [(move(points + STEP * t) - move(points - STEP * t)) / (2 * STEP) for t in tangents(normals)]
    vector = np.cross(*sides)
    size = np.linalg.norm(vector, axis=1)
    return vector / size[:, None], size


def test_a_warped_sphere_has_the_normals_and_areas_of_finite_differences():
    points, normals = CLOSED["ball"].sample(500, np.random.default_rng(1))
    moved, turned, growth = WARP(points, normals)
    expected, size = crossed(lambda places: WARP(places, places)[0], points, normals)
    assert turned == pytest.approx(expected, abs=1e-7)
    assert growth == pytest.approx(size, rel=1e-7)
    assert np.abs(moved - points).max() > 0.02


def test_no_waves_change_nothing():
    points, normals = CLOSED["box"].sample(10, np.random.default_rng(2))
    moved, turned, growth = Waves()(points, normals)
    assert (moved == points).all()
    assert (turned == normals).all()
    assert (growth == 1).all()


@pytest.mark.parametrize("name", ["ball", "torus", "round box", "capsule", "round tube"])
def test_displaced_surfaces_have_the_normals_and_areas_of_finite_differences(name):
    """Steps along the surface: to the nearest point of the exact distance, whose gradient is the normal there."""
    primitive = CLOSED[name]
    relief = WaveRelief((0.0, 0.0, 0.0), np.inf, 0.01, ((20.0, 3.0, 0.0), (0.0, 9.0, 12.0)), (0.0, 1.0))
    points, normals = primitive.sample(500, np.random.default_rng(3))

    def slopes(places):
        steps = 1e-4 * np.eye(3)
        return np.stack([primitive.signed(places + s) - primitive.signed(places - s) for s in steps], 1) / 2e-4

    def move(places):
        for _ in range(2):
            places = places - primitive.signed(places)[:, None] * slopes(places)
        normal = slopes(places)
        return places + relief.heights(places)[0][:, None] * normal / np.linalg.norm(normal, axis=1, keepdims=True)

    height, slope = relief.heights(points)
    moved, turned, growth = displaced(points, normals, primitive.bend(points, normals), height, slope)
    expected, size = crossed(move, points, normals)
    near_seam = np.linalg.norm(slopes(points) - normals, axis=1) > 1e-5
    assert near_seam.mean() < 0.02
    assert np.linalg.norm(moved - points, axis=1) == pytest.approx(np.abs(height), abs=1e-12)
    good = (np.linalg.norm(turned - expected, axis=1) < 2e-3) & (np.abs(growth / size - 1) < 2e-3)
    assert good[~near_seam].mean() > 0.98

"""The Morton order is a permutation that keeps neighbours together."""

import numpy as np
import pytest

from diffshape.kernels.numba_morton import bounding_box, morton_order


def test_the_corners_of_a_cube_in_z_order():
    corners = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
    shuffled = np.random.default_rng(0).permutation(8)
    assert np.array_equal(shuffled[morton_order(corners[shuffled])], np.arange(8))


def test_consecutive_points_are_near():
    points = np.random.default_rng(0).random((4096, 3)).astype(np.float32)
    order = morton_order(points)
    assert np.array_equal(np.sort(order), np.arange(4096))
    steps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert steps.mean() < 0.1  # at random 0.66


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros((5, 3)), np.full((5, 3), 1e300), np.eye(3) * 1e-310])
def test_clouds_without_extent_keep_every_point(points):
    assert np.array_equal(np.sort(morton_order(points)), np.arange(len(points)))


def test_an_extent_that_overflows_keeps_every_point():
    points = np.array([[-1e308, 0, 0], [1e308, 0, 0], [0, 1e308, -1e308]])
    assert np.array_equal(np.sort(morton_order(points)), np.arange(3))


def test_the_box_touches_the_points():
    low, high = bounding_box(np.array([[0.0, 5.0, -1.0], [2.0, 3.0, -7.0]]))
    assert (low.tolist(), high.tolist()) == ([0.0, 3.0, -7.0], [2.0, 5.0, -1.0])

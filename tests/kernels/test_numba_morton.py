"""The Morton and the Hilbert order are permutations that keep neighbours together."""

import numpy as np
import pytest

from diffshape.kernels.numba_hilbert import hilbert_order
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


@pytest.mark.parametrize("order", [morton_order, hilbert_order])
@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros((5, 3)), np.full((5, 3), 1e300), np.eye(3) * 1e-310])
def test_clouds_without_extent_keep_every_point(points, order):
    assert np.array_equal(np.sort(order(points)), np.arange(len(points)))


@pytest.mark.parametrize("order", [morton_order, hilbert_order])
def test_an_extent_that_overflows_keeps_every_point(order):
    points = np.array([[-1e308, 0, 0], [1e308, 0, 0], [0, 1e308, -1e308]])
    assert np.array_equal(np.sort(order(points)), np.arange(3))


def test_the_box_touches_the_points():
    low, high = bounding_box(np.array([[0.0, 5.0, -1.0], [2.0, 3.0, -7.0]]))
    assert (low.tolist(), high.tolist()) == ([0.0, 3.0, -7.0], [2.0, 5.0, -1.0])


def test_the_hilbert_curve_goes_from_cell_to_neighbouring_cell():
    cells = np.stack(np.meshgrid(*[np.arange(16)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    order = hilbert_order(np.random.default_rng(0).permutation(cells))
    assert len(set(order.tolist())) == 16**3
    walked = np.random.default_rng(0).permutation(cells)[order]
    assert (np.abs(np.diff(walked, axis=0)).sum(1) == 1).all()


@pytest.mark.parametrize("size", [0.0, 1e-20, 1e20])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_any_cloud_has_a_hilbert_order(size, count):
    points = np.random.default_rng(0).random((count, 3)).astype(np.float32) * np.float32(size)
    assert np.array_equal(np.sort(hilbert_order(points)), np.arange(count))


def test_points_in_one_place_keep_their_hilbert_order():
    assert np.array_equal(hilbert_order(np.ones((50, 3), np.float32)), np.arange(50))

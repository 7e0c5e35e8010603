"""The grid holds every point once, answers near queries exactly, and leaves the others to the tree."""

import numpy as np
import pytest

from diffshape.kernels import numba_grid
from diffshape.kernels.numba_grid import CELLS_PER_POINT, POINTS_PER_CELL, build_grid, query_grid
from diffshape.kernels.numba_morton import morton_orders


def cloud(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def sphere(count, seed=0):
    points = cloud(1, count, 3, seed=seed) - 0.5
    return points / np.linalg.norm(points, axis=2, keepdims=True)


def ask(points, queries):
    distances, indices = np.zeros(queries.shape[:2], queries.dtype), np.full(queries.shape[:2], -1)
    query_grid(build_grid(points), queries, morton_orders(queries), distances, indices)
    return distances, indices


@pytest.mark.parametrize("count", [2, 3, 17, 1000])
@pytest.mark.parametrize("flat", [1, 2, 3])
def test_cells_hold_every_point_once_in_the_order_given(count, flat):
    points = cloud(1, count, 3)
    points[..., flat:] = 0
    grid = build_grid(points)
    cells = grid.shape[0].prod()
    assert cells <= CELLS_PER_POINT * count
    assert np.array_equal(grid.points[0], points[0, grid.index[0]])
    assert np.array_equal(np.sort(grid.index[0]), np.arange(count))
    assert (grid.start[0, 0], grid.start[0, cells]) == (0, count)
    for cell in range(cells):
        part = slice(grid.start[0, cell], grid.start[0, cell + 1])
        assert (np.diff(grid.index[0, part]) > 0).all()
        steps = ((grid.points[0, part] - grid.corner[0]) * grid.scale[0]).astype(int)
        assert (np.ravel_multi_index(steps.T, grid.shape[0]) == cell).all()


def test_what_memory_held_before_a_grid_was_built_does_not_matter():
    points = cloud(8, 300, 3)
    expected = build_grid(points)
    grid = numba_grid.Grid(*map(np.ones_like, expected))
    for b in range(8):
        numba_grid._build(b, grid, points)
    for name in ("points", "index", "corner", "scale", "shape"):
        assert np.array_equal(getattr(grid, name), getattr(expected, name)), name
    for actual, wanted, shape in zip(grid.start, expected.start, expected.shape):
        assert np.array_equal(actual[: shape.prod() + 1], wanted[: shape.prod() + 1])


def test_cells_on_a_surface_are_as_full_as_promised():
    grid = build_grid(sphere(5000))
    filled = np.diff(grid.start[0, : grid.shape[0].prod() + 1])
    assert filled[filled > 0].mean() == pytest.approx(POINTS_PER_CELL, rel=0.4)


def test_overlapping_clouds_are_answered_by_the_grid_alone():
    points, queries = sphere(2000), sphere(500, seed=1)
    distances, indices = ask(points, queries)
    table = ((queries[0, :, None] - points[0]) ** 2).sum(-1)
    assert np.array_equal(indices[0], table.argmin(axis=1))
    np.testing.assert_allclose(distances[0], table.min(axis=1), rtol=1e-5)


@pytest.mark.parametrize("queries", [np.zeros((1, 50, 3), np.float32), np.full((1, 50, 3), 1e6, np.float32)])
def test_far_queries_are_left_unanswered(queries):
    _, indices = ask(sphere(5000), queries)
    assert (indices == -1).all()


@pytest.mark.parametrize("size", [0.0, 1e-20, 1e20])
def test_a_cloud_whose_size_forbids_a_grid_answers_nothing(size):
    points = cloud(1, 100, 3) * np.float32(size)
    assert (ask(points, points)[1] == -1).all()


def test_crowded_cells_are_left_to_the_tree():
    points = np.zeros((1, 3000, 3), np.float32)
    points[0, 0] = 1
    _, indices = ask(points, points)
    assert (indices[0, 1:] == -1).all()
    assert numba_grid.MOST_POINTS < 2999

"""The search for the point nearest to a triangle, against every pair: tree sizes, ties, and triangles of all sizes."""

import numpy as np
import pytest

from diffshape.kernels.numba_bvh import triangle_distance
from diffshape.kernels.numba_kdtree import build_tree
from diffshape.kernels.numba_morton import morton_order
from diffshape.kernels.numba_triangle_points import CHUNK, query_points


def search(points, triangles):
    tree = build_tree(points[None], threads=1)
    order, indices = morton_order(triangles.mean(axis=1)), np.full(len(triangles), -1)
    for task in range(-(-len(triangles) // CHUNK)):
        query_points(task, tuple(part[0] for part in tree), triangles, order, indices)
    return indices


def every_pair(points, triangles):
    return np.array([[triangle_distance(triangles, i, *point) for point in points] for i in range(len(triangles))])


@pytest.mark.parametrize("count", [1, 8, 9, 100, 1000])
@pytest.mark.parametrize("size", [0.0, 0.1, 10.0])
def test_finds_what_every_pair_finds(count, size):
    generator = np.random.default_rng(count)
    points = generator.normal(size=(count, 3))
    triangles = generator.normal(size=(50, 1, 3)) + size * generator.normal(size=(50, 3, 3))
    assert np.array_equal(search(points, triangles), every_pair(points, triangles).argmin(1))


def test_long_queues_and_equal_points():
    generator = np.random.default_rng(0)
    points = generator.integers(0, 3, size=(200, 3)).astype(np.float64)  # 27 places, many times each
    triangles = generator.integers(0, 3, size=(2 * CHUNK + 5, 3, 3)).astype(np.float64)  # of which some are degenerate
    distances = every_pair(points, triangles)
    found = search(points, triangles)
    np.testing.assert_allclose(distances[np.arange(len(found)), found], distances.min(1), atol=1e-15)
    alone = every_pair(points[:1], triangles)
    assert np.array_equal(search(points[:1], triangles), np.zeros(len(triangles)))
    assert (alone[:, 0] >= distances.min(1)).all()

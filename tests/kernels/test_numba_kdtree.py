"""The tree holds what its docstring says, and answers only what is asked."""

import numpy as np
import pytest

from diffshape.kernels.numba_kdtree import LEAF, build_tree, query_tree
from diffshape.kernels.numba_morton import morton_orders


def cloud(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("count", [1, LEAF, LEAF + 1, 100, 1000])
@pytest.mark.parametrize("duplicates", [False, True])
def test_every_node_bounds_its_points(count, duplicates):
    points = cloud(2, count, 3)
    if duplicates:
        points = points.round()
    tree = build_tree(points)
    leaves = tree.boxes.shape[1] // 2
    for b in range(2):
        assert np.array_equal(tree.points[b], points[b, tree.index[b]])
        assert np.array_equal(np.sort(tree.index[b]), np.arange(count))
        for node in range(1, 2 * leaves):
            level = node.bit_length() - 1
            place = node - (1 << level)
            part = slice(place * count >> level, (place + 1) * count >> level)
            assert np.array_equal(tree.boxes[b, node, :3], tree.points[b, part].min(axis=0))
            assert np.array_equal(tree.boxes[b, node, 3:], tree.points[b, part].max(axis=0))
            assert tree.lowest[b, node] == tree.index[b, part].min()
            assert node < leaves or part.stop - part.start <= LEAF


def test_halves_do_not_overlap_along_the_widest_side():
    tree = build_tree(cloud(1, 1000, 3) * np.float32([1, 9, 1]))
    assert tree.boxes[0, 2, 4] <= tree.boxes[0, 3, 1]


def test_an_answered_query_is_left_alone():
    points = cloud(1, 50, 3)
    distances, indices = np.full((1, 50, 1), 7, np.float32), np.full((1, 50, 1), -1)
    indices[0, ::2] = 3
    query_tree(build_tree(points), points, morton_orders(points), distances, indices)
    assert np.array_equal(indices[0, ::2, 0], np.full(25, 3))
    assert np.array_equal(distances[0, ::2, 0], np.full(25, 7))
    assert np.array_equal(indices[0, 1::2, 0], np.arange(1, 50, 2))
    assert not distances[0, 1::2].any()

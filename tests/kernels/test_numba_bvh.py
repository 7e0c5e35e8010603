"""The tree holds what its docstring says, and its answers are the nearest triangles."""

import numpy as np
import pytest

from diffshape.kernels.numba_bvh import CHUNK, LEAF, build_bvh, query_bvh, triangle_distance


def triangles(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 3, 3))


@pytest.mark.parametrize("count", [1, 2, LEAF, LEAF + 1, 100, 777])
def test_every_node_bounds_its_triangles(count):
    given = triangles(count)
    bvh = build_bvh(given)
    assert np.array_equal(bvh.triangles, given[bvh.index])
    assert np.array_equal(np.sort(bvh.index), np.arange(count))
    leaves = len(bvh.boxes) // 2
    for node in range(1, 2 * leaves):
        level = node.bit_length() - 1
        place = node - (1 << level)
        part = slice(place * count >> level, (place + 1) * count >> level)
        assert np.array_equal(bvh.boxes[node, :3], bvh.triangles[part].min(axis=(0, 1)))
        assert np.array_equal(bvh.boxes[node, 3:], bvh.triangles[part].max(axis=(0, 1)))
        assert bvh.lowest[node] == bvh.index[part].min()
        assert node < leaves or part.stop - part.start <= LEAF


def test_tasks_answer_their_part_of_the_order_only():
    given, queries = triangles(50), np.random.default_rng(1).normal(size=(CHUNK + 5, 3))
    order = np.arange(len(queries), dtype=np.int32)[::-1].copy()
    distances, indices = np.full(len(queries), np.nan), np.full(len(queries), -1)
    query_bvh(1, build_bvh(given), queries, order, distances, indices)
    assert (indices[5:] == -1).all()
    assert np.isnan(distances[5:]).all()
    expected = np.array([[triangle_distance(given, i, *query) for i in range(50)] for query in queries[:5]])
    assert indices[:5].tolist() == expected.argmin(1).tolist()
    assert distances[:5].tolist() == expected.min(1).tolist()

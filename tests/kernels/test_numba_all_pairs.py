"""All pairs compared give every bit of the definition."""

import numpy as np
import pytest

from diffshape.kernels.numba_all_pairs import nearest_of_all
from diffshape.kernels.threads import run_tasks


def ask(points, queries, shift=0):
    distances, indices = np.full(queries.shape[:2], np.nan, queries.dtype), np.full(queries.shape[:2], -1)
    run_tasks(nearest_of_all, len(queries), points, queries, shift, distances, indices)
    return distances, indices


def by_definition(points, queries):
    dx, dy, dz = np.moveaxis(points[None] - queries[:, None], -1, 0)
    table = dx * dx + dy * dy + dz * dz
    return table.min(1), table.argmin(1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("counts", [(1, 1), (2, 16), (3, 17), (63, 100), (64, 5)])
def test_every_bit(dtype, counts):
    points, queries = (np.random.default_rng(count).random((3, count, 3)).astype(dtype) for count in counts)
    distances, indices = ask(points, queries, shift=2)
    for b in range(3):
        nearest, places = by_definition(points[(b + 2) % 3], queries[b])
        assert np.array_equal(indices[b], places)
        assert np.array_equal(distances[b], nearest)


def test_equal_distances_go_to_the_lowest_index():
    points = np.random.default_rng(0).permutation(np.eye(3, dtype=np.float32).repeat(7, 0))[None]
    _, indices = ask(points, np.zeros((1, 20, 3), np.float32))
    assert (indices == 0).all()
    _, indices = ask(points, points)
    assert np.array_equal(indices[0], by_definition(points[0], points[0])[1])

"""Tiles hold every point once, answer near queries exactly, and leave others to the tree; all pairs answer all."""

import numpy as np
import pytest

from diffshape.kernels import numba_tiles
from diffshape.kernels.numba_all_pairs import nearest_of_all
from diffshape.kernels.numba_tiles import NOBODY, WIDTH, build_tiles, orders, query_tiles
from diffshape.kernels.threads import run_tasks


def cloud(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).random(shape).astype(dtype)


def sphere(count, seed=0):
    points = cloud(1, count, 3, seed=seed) - 0.5
    return points / np.linalg.norm(points, axis=2, keepdims=True)


def ask(points, queries, shift=0):
    distances, indices = np.zeros(queries.shape[:2], queries.dtype), np.full(queries.shape[:2], -1)
    query_tiles(build_tiles(points), build_tiles(queries), distances, indices, shift=shift)
    return distances, indices


def by_definition(points, queries):
    dx, dy, dz = np.moveaxis(points[None] - queries[:, None], -1, 0)
    table = dx * dx + dy * dy + dz * dz
    return table.min(1), table.argmin(1)


@pytest.mark.parametrize("count", [1, 2, 16, 17, 1000])
def test_tiles_hold_every_point_once_and_the_last_one_again(count):
    points = cloud(2, count, 3)
    tiles = build_tiles(points)
    for b in range(2):
        index = tiles.index[b].ravel()
        assert np.array_equal(np.sort(index[:count]), np.arange(count))
        assert (index[count:] == NOBODY).all()
        columns = tiles.points[b].swapaxes(1, 2).reshape(-1, 3)
        assert np.array_equal(columns[:count], points[b, index[:count]])
        assert (columns[count:] == columns[count - 1]).all()
    assert np.array_equal(orders(tiles, count), tiles.index.reshape(2, -1)[:, :count])


def test_boxes_and_groups_hold_their_points_tightly():
    tiles = build_tiles(cloud(1, 700, 3))
    assert np.array_equal(tiles.boxes[0, :3].T, tiles.points[0].min(2))
    assert np.array_equal(tiles.boxes[0, 3:].T, tiles.points[0].max(2))
    assert np.array_equal(tiles.groups[0, :3, 1], tiles.boxes[0, :3, 16:32].min(1))
    assert np.array_equal(tiles.groups[0, 3:, 2], tiles.boxes[0, 3:, 32:].max(1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("counts", [(1, 1), (1, 40), (40, 1), (900, 333)])
def test_every_bit_of_a_near_answer(dtype, counts):
    points, queries = (cloud(1, count, 3, seed=count, dtype=dtype) for count in counts)
    distances, indices = ask(points, queries)
    nearest, places = by_definition(points[0], queries[0])
    assert np.array_equal(indices[0], places)
    assert np.array_equal(distances[0], nearest)


def test_equal_distances_go_to_the_lowest_index():
    grid = np.stack(np.meshgrid(*[np.arange(8)] * 3), -1).reshape(1, -1, 3).astype(np.float32)
    points = np.random.default_rng(0).permutation(grid, axis=1)
    queries = points[:, ::3] + np.float32(0.5)  # eight corners of a cell are equally near
    assert np.array_equal(ask(points, queries)[1][0], by_definition(points[0], queries[0])[1])
    doubled = np.concatenate([points, points], axis=1)
    assert np.array_equal(ask(doubled, points)[1][0], np.arange(points.shape[1]))


def test_a_shift_asks_another_cloud():
    points = cloud(4, 300, 3)
    _, indices = ask(points, points, shift=1)
    for b in range(4):
        assert np.array_equal(indices[b], by_definition(points[(b + 1) % 4], points[b])[1])


def test_queries_that_are_equally_far_from_all_are_left_unanswered():
    _, indices = ask(sphere(5000), np.zeros((1, 200, 3), np.float32))
    assert (indices == -1).all()


def test_far_queries_whose_distances_round_alike_are_answered_right():
    points, queries = sphere(500), np.full((1, 20, 3), 1e6, np.float32)
    assert np.array_equal(ask(points, queries)[1][0], by_definition(points[0], queries[0])[1])


def test_points_in_one_place_are_left_to_the_tree_when_they_are_many():
    assert numba_tiles.MOST_TILES * WIDTH < 6000
    points = np.zeros((1, 6000, 3), np.float32)
    assert (ask(points, points)[1] == -1).all()
    assert (ask(points[:, :600], points[:, :600])[1] == 0).all()


def ask_all(points, queries, shift=0):
    distances, indices = np.full(queries.shape[:2], np.nan, queries.dtype), np.full(queries.shape[:2], -1)
    run_tasks(nearest_of_all, len(queries), points, queries, shift, distances, indices)
    return distances, indices


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("counts", [(1, 1), (2, 16), (3, 17), (63, 100), (64, 5)])
def test_all_pairs_give_every_bit(dtype, counts):
    points, queries = (np.random.default_rng(count).random((3, count, 3)).astype(dtype) for count in counts)
    distances, indices = ask_all(points, queries, shift=2)
    for b in range(3):
        nearest, places = by_definition(points[(b + 2) % 3], queries[b])
        assert np.array_equal(indices[b], places)
        assert np.array_equal(distances[b], nearest)


def test_equal_distances_of_all_pairs_go_to_the_lowest_index():
    points = np.random.default_rng(0).permutation(np.eye(3, dtype=np.float32).repeat(7, 0))[None]
    _, indices = ask_all(points, np.zeros((1, 20, 3), np.float32))
    assert (indices == 0).all()
    _, indices = ask_all(points, points)
    assert np.array_equal(indices[0], by_definition(points[0], points[0])[1])

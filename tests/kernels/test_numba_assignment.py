"""The solver's invariants: prices that prove the optimum, work that ends where it should, samples told apart."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from diffshape.kernels import numba_assignment
from diffshape.kernels.numba_auction import LISTED


def cloud(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def solve(x, y, *, epsilon=0.0, squared=False, count=None):
    match, prices = np.arange(len(x))[None].copy(), np.zeros((1, len(x)))
    counts = np.array([len(x) if count is None else count])
    bidders, objects = np.ascontiguousarray(x)[None], np.ascontiguousarray(y.T)[None]
    numba_assignment.solve(0, bidders, objects, counts, match, prices, squared, epsilon)
    return match[0], prices[0]


def slack(x, y, match, prices, squared=False):
    """What each bidder pays above its best, prices included."""
    values = cdist(x, y, "sqeuclidean" if squared else "euclidean") + prices
    return values[np.arange(len(x)), match] - values.min(axis=1)


@pytest.mark.parametrize("count", [1, 2, LISTED, LISTED + 1, 400])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("size", [1.0, 0.02])
def test_prices_prove_the_optimum(count, squared, size):
    x, y = size * cloud(count, 3), cloud(count, 3, seed=1)
    match, prices = solve(x, y, squared=squared)
    assert np.array_equal(np.sort(match), np.arange(count))
    assert (prices >= 0).all()
    assert np.abs(slack(x, y, match, prices, squared)).max() < 1e-12
    table = cdist(x, y, "sqeuclidean" if squared else "euclidean")
    assert table[np.arange(count), match].sum() == pytest.approx(table[linear_sum_assignment(table)].sum(), rel=1e-12)


@pytest.mark.parametrize("epsilon", [0.5, 0.05, numba_assignment.FINISH])
def test_an_auction_is_proved_by_its_own_prices(epsilon):
    x, y = cloud(300, 3), cloud(300, 3, seed=1)
    match, prices = solve(x, y, epsilon=epsilon)
    gap, cost = slack(x, y, match, prices).sum(), np.linalg.norm(x - y[match], axis=1).sum()
    assert 0 < gap <= epsilon * (cost - gap)


def test_where_steps_drown_in_rounding_the_auction_is_finished_exactly():
    x = cloud(100, 3)
    y = x[::-1].copy()  # the optimum is 0, and no cost but 0 is within a factor of it
    match, _ = solve(x, y, epsilon=0.5)
    assert np.array_equal(match, np.arange(100)[::-1])


def test_rows_beyond_the_count_are_left_alone():
    x, y = cloud(50, 3), cloud(50, 3, seed=1)
    match, prices = solve(x, y, count=30)
    alone, alone_prices = solve(x[:30], y[:30])
    assert np.array_equal(match, np.concatenate([alone, np.arange(30, 50)]))
    assert np.array_equal(prices, np.concatenate([alone_prices, np.zeros(20)]))


@pytest.mark.parametrize(
    "points", [np.zeros((90, 3)), np.repeat(cloud(9, 3), 10, axis=0), np.indices((5, 5, 4)).reshape(3, -1).T * 1.0]
)
def test_ties_do_not_stall(points):
    y = np.roll(points, 7, axis=0) + 0.5
    match, prices = solve(points, y)
    assert np.array_equal(np.sort(match), np.arange(len(points)))
    assert np.abs(slack(points, y, match, prices)).max() < 1e-12

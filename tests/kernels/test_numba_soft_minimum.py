"""The exponential written out, and rows over more columns than are kept at a time."""

import numpy as np
import pytest
from numba import njit

from diffshape.kernels import numba_soft_minimum
from diffshape.kernels.numba_soft_minimum import COLUMNS, _exp, share, soft_minimum


@njit
def exponentials(values):
    return np.array([_exp(value) for value in values], np.float32)


def test_the_exponential_is_right_to_float32():
    values = -np.linspace(0, 80, 20_001, dtype=np.float32)
    np.testing.assert_allclose(exponentials(values), np.exp(values.astype(np.float64)), rtol=3e-7)


def test_the_exponential_of_minus_infinity_is_next_to_nothing():
    assert 0 <= exponentials(np.array([-np.inf, -1e30], np.float32)).max() < 1e-37


@pytest.mark.parametrize("count", [1, COLUMNS - 1, COLUMNS, COLUMNS + 1, 3 * COLUMNS + 5])
def test_stretches_of_columns_add_up(count, monkeypatch):
    generator = np.random.default_rng(0)
    rows, columns = generator.random((1, 3, 3), np.float32), generator.random((1, 3, count), np.float32)
    log_weights = generator.normal(0, 5, (1, count)).astype(np.float32)
    values = np.empty((1, 3), np.float32)
    for task in range(2):
        soft_minimum(task, 2, rows, columns, log_weights, np.full(1, 0.1, np.float32), True, values)
    squared = ((rows[0, :, :, None] - columns[0].astype(float)) ** 2).sum(1)
    expected = -0.1 * np.log(np.exp(log_weights[0].astype(float) - squared / 0.1).sum(1))
    np.testing.assert_allclose(values[0], expected, rtol=1e-5, atol=1e-6)


def test_tasks_hold_all_rows_and_no_fewer_than_one():
    for count, width in ((5, 1), (5, 10 * numba_soft_minimum.TASK_PAIRS), (1000, 5000)):
        tasks, size = share(np.empty((2, count, 3)), np.empty((2, 3, width)))
        assert size >= 1
        assert tasks == 2 * -(-count // size)

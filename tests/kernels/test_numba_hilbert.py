"""The curve visits every cell of a cube, each next to the one before."""

import numpy as np
import pytest

from diffshape.kernels.numba_hilbert import hilbert_order


def test_the_curve_goes_from_cell_to_neighbouring_cell():
    cells = np.stack(np.meshgrid(*[np.arange(16)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    order = hilbert_order(np.random.default_rng(0).permutation(cells))
    assert len(set(order.tolist())) == 16**3
    walked = np.random.default_rng(0).permutation(cells)[order]
    assert (np.abs(np.diff(walked, axis=0)).sum(1) == 1).all()


@pytest.mark.parametrize("size", [0.0, 1e-20, 1e20])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_any_cloud_has_an_order(size, count):
    points = np.random.default_rng(0).random((count, 3)).astype(np.float32) * np.float32(size)
    assert np.array_equal(np.sort(hilbert_order(points)), np.arange(count))


def test_points_in_one_place_keep_their_order():
    assert np.array_equal(hilbert_order(np.ones((50, 3), np.float32)), np.arange(50))

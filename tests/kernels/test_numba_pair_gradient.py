"""The gradient between pairs by hand, for shared and repeated neighbours, whatever memory held before."""

import numpy as np

from diffshape.kernels.numba_pair_gradient import pair_gradient


def test_hand_computed_values():
    x, y = np.array([[[0.0, 0.0], [4.0, 0.0]]]), np.array([[[1.0, 0.0], [9.0, 9.0], [0.0, 3.0]]])
    indices = np.array([[[0, 2], [0, 0]]])
    weights = np.array([[[1.0, 10.0], [2.0, 3.0]]])
    x_gradient, y_gradient = np.full_like(x, np.nan), np.full_like(y, np.nan)
    pair_gradient(0, x, y, indices, weights, x_gradient, y_gradient)
    assert x_gradient.tolist() == [[[-2, -60], [30, 0]]]
    assert y_gradient.tolist() == [[[2 - 30, 0], [0, 0], [0, 60]]]


def test_only_the_cloud_asked_for_is_written():
    generator = np.random.default_rng(0)
    x, y = generator.random((2, 2, 5, 3))
    x_gradient, y_gradient = np.full_like(x, 7), np.full_like(y, 7)
    pair_gradient(1, x, y, np.zeros((2, 5, 1), np.int64), np.ones((2, 5, 1)), x_gradient, y_gradient)
    assert (x_gradient[0] == 7).all()
    assert (y_gradient[0] == 7).all()
    np.testing.assert_allclose(x_gradient[1], 2 * (x[1] - y[1, 0]))
    np.testing.assert_allclose(y_gradient[1, 0], -x_gradient[1].sum(0))

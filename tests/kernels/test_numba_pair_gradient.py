"""The gradient between pairs by hand, for shared and repeated neighbours, added to what is there."""

import numpy as np

from diffshape.kernels.numba_pair_gradient import both_gradients, pair_gradient


def test_hand_computed_values():
    x, y = np.array([[[0.0, 0.0], [4.0, 0.0]]]), np.array([[[1.0, 0.0], [9.0, 9.0], [0.0, 3.0]]])
    indices = np.array([[[0, 2], [0, 0]]])
    weights = np.array([[[1.0, 10.0], [2.0, 3.0]]])
    x_gradient, y_gradient = np.zeros_like(x), np.ones_like(y)
    pair_gradient(0, x, y, indices, weights, x_gradient, y_gradient)
    assert x_gradient.tolist() == [[[-2, -60], [30, 0]]]
    assert y_gradient.tolist() == [[[2 - 30 + 1, 1], [1, 1], [1, 60 + 1]]]


def test_only_the_cloud_asked_for_is_written():
    generator = np.random.default_rng(0)
    x, y = generator.random((2, 2, 5, 3))
    x_gradient, y_gradient = np.zeros_like(x), np.zeros_like(y)
    pair_gradient(1, x, y, np.zeros((2, 5, 1), np.int64), np.ones((2, 5, 1)), x_gradient, y_gradient)
    assert (x_gradient[0] == 0).all()
    assert (y_gradient[0] == 0).all()
    np.testing.assert_allclose(x_gradient[1], 2 * (x[1] - y[1, 0]))
    np.testing.assert_allclose(y_gradient[1, 0], -x_gradient[1].sum(0))


def test_both_directions_add_up():
    x, y = np.array([[[0.0], [4.0]]]), np.array([[[1.0]]])
    x_gradient, y_gradient = np.zeros_like(x), np.zeros_like(y)
    columns = np.zeros((1, 2, 1), np.int64), np.ones((1, 1, 1), np.int64), np.ones((1, 2, 1)), np.full((1, 1, 1), 0.5)
    both_gradients(0, x, y, *columns, x_gradient, y_gradient)
    assert x_gradient.tolist() == [[[-2], [6 + 3]]]
    assert y_gradient.tolist() == [[[2 - 6 - 3]]]

"""A ReLU perceptron that reads a grid encoding, on the CPU: values and their transpose, by blocks of points.

In the forward pass nothing of a point but its value leaves the cache (and, to be differentiated, what the network
read): the features of a block are interpolated, then a tile of them at a time goes up the network. The backward pass
goes up and down again, which is cheaper than keeping what was inside. Every block adds up the network's gradient in a
place of its own, so that the result does not depend on the number of threads. The tables' gradient follows from
``inputs_bar``, by `numba_hash_encode.encode_backward`.
"""

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_hash_encode import BLOCK, encode_block
from diffshape.kernels.numba_perceptron import TILE, down, hidden_units, up


@compiled
def evaluate(call, calls, points, lead, tables, fade, plan, smooth, weights, biases, values, inputs):
    """Write values (N,) of the blocks call, call + calls, ...

    points (N, 3) in the unit cube; lead (K, N): what the network reads before the features; tables, fade, plan, smooth:
    as in `numba_hash_encode`; weights, biases: as in `numba_perceptron`. inputs (K + L * F, N) receives what the
    network reads, unless it is (0, 0).
    """
    hidden, y = hidden_units(biases), np.empty((1, TILE), points.dtype)
    x = np.zeros((len(lead) + len(fade) * tables.shape[1], BLOCK), points.dtype)  # stays 0 where a level is faded out
    tile = np.empty((len(x), TILE), x.dtype)
    for first in range(call * BLOCK, len(points), calls * BLOCK):
        count = min(BLOCK, len(points) - first)
        _copy(lead[:, first : first + count], x[: len(lead), :count])
        encode_block(points[first : first + count], tables, fade, plan, smooth, x[len(lead) :, :count])
        if len(inputs):
            _copy(x[:, :count], inputs[:, first : first + count])
        for t in range(0, count, TILE):
            _copy(x[:, t : t + TILE], tile[:, :TILE])
            up(tile, weights, biases, hidden, y)
            here = min(TILE, count - t)
            for n in range(here):
                values[first + t + n] = y[0, n]


@compiled
def evaluate_backward(call, calls, values_bar, inputs, weights, biases, transposed, inputs_bar, weight_bars, bias_bars):
    """Write inputs_bar (K + L * F, N) of the blocks call, call + calls, ..., and add to their weight_bars[l][block] and
    bias_bars[l][block].

    transposed: the weights' transposes, contiguous.
    """
    hidden, y = hidden_units(biases), np.empty((1, TILE), inputs.dtype)
    hidden_bars = np.empty_like(hidden)
    x, x_bar = np.zeros((len(inputs), TILE), inputs.dtype), np.empty((len(inputs), TILE), inputs.dtype)
    turned = np.empty((TILE, max(len(x), hidden.shape[1])), x.dtype)
    for block in range(call, -(-len(values_bar) // BLOCK), calls):
        last = min((block + 1) * BLOCK, len(values_bar))
        for t in range(block * BLOCK, last, TILE):
            here = min(TILE, last - t)
            _copy(inputs[:, t : t + here], x[:, :here])
            up(x, weights, biases, hidden, y)
            y[0] = 0
            for n in range(here):
                y[0, n] = values_bar[t + n]
            down(block, x, transposed, hidden, y, hidden_bars, x_bar, turned, weight_bars, bias_bars)
            _copy(x_bar[:, :here], inputs_bar[:, t : t + here])


@compiled
def _copy(source, target) -> None:
    """Copy rows of points into others."""
    for k in range(len(source)):
        for n in range(source.shape[1]):
            target[k, n] = source[k, n]

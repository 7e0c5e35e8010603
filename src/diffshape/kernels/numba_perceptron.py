"""A ReLU perceptron on a tile of points, and its transpose, with everything in the first-level cache.

    h_0 = x,    h_l = max(0, W_l h_{l-1} + b_l),    y = W_L h_{L-1} + b_L

A tile is ``TILE`` points, one a column: h_l is (units, TILE), so that the innermost loop runs over points in vector
instructions. Products are taken two outputs by four inputs at a time, which keeps the arithmetic units, not the loads,
busy. Weights are a tuple of (out, in) matrices, the last with one row; biases one of vectors.
"""

import numpy as np

from diffshape.kernels.compiled import compiled

TILE = 128
"""Points of a tile."""


@compiled(fastmath={"contract"})
def multiply(weight, x, y):
    """y += weight x for weight (out, in), x (in, TILE) and y (out, TILE)."""
    outs, ins = weight.shape
    whole = ins - ins % 4
    for o in range(0, outs - 1, 2):
        for i in range(0, whole, 4):
            a0, a1, a2, a3 = weight[o, i], weight[o, i + 1], weight[o, i + 2], weight[o, i + 3]
            b0, b1, b2, b3 = weight[o + 1, i], weight[o + 1, i + 1], weight[o + 1, i + 2], weight[o + 1, i + 3]
            for n in range(TILE):
                x0, x1, x2, x3 = x[i, n], x[i + 1, n], x[i + 2, n], x[i + 3, n]
                y[o, n] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
                y[o + 1, n] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
        for i in range(whole, ins):
            a0, b0 = weight[o, i], weight[o + 1, i]
            for n in range(TILE):
                y[o, n] += a0 * x[i, n]
                y[o + 1, n] += b0 * x[i, n]
    if outs % 2:
        for i in range(ins):
            a0 = weight[outs - 1, i]
            for n in range(TILE):
                y[outs - 1, n] += a0 * x[i, n]


@compiled(fastmath={"contract"})
def multiply_transposed(x, y, turned, weight):
    """weight += x y^T for x (out, TILE), y (in, TILE), weight (out, in): the sum over the points of the tile, in order.

    turned (TILE, in) receives y^T, so that the innermost loop adds to independent sums. Were it one over points, the
    compiler would choose their order, and not the same in a kernel as it was compiled and as it is loaded.
    """
    outs, ins = weight.shape
    for i in range(ins):
        for n in range(TILE):
            turned[n, i] = y[i, n]
    for o in range(outs):
        for n in range(0, TILE, 4):
            a0, a1, a2, a3 = x[o, n], x[o, n + 1], x[o, n + 2], x[o, n + 3]
            for i in range(ins):
                y0, y1, y2, y3 = turned[n, i], turned[n + 1, i], turned[n + 2, i], turned[n + 3, i]
                weight[o, i] += a0 * y0 + a1 * y1 + a2 * y2 + a3 * y3


@compiled
def hidden_units(biases):
    """Arrays for every h_l of a tile, (L - 1, widest, TILE)."""
    widest = 0
    for bias in biases:
        widest = max(widest, len(bias))
    return np.empty((len(biases) - 1, widest, TILE), biases[0].dtype)


@compiled(fastmath={"contract"})
def up(x, weights, biases, hidden, y):
    """Values y (1, TILE) of a tile x (in, TILE); hidden, of `hidden_units`, receives every h_l."""
    last, zero = len(weights) - 1, weights[0][0, 0] * 0
    h = x
    for layer in range(last):
        bias, out = biases[layer], hidden[layer]
        for o in range(len(bias)):
            out[o] = bias[o]
        multiply(weights[layer], h, out)
        for o in range(len(bias)):
            for n in range(TILE):
                out[o, n] = zero if out[o, n] < zero else out[o, n]  # NaN stays
        h = out
    y[0] = biases[last][0]
    multiply(weights[last], h, y)


@compiled(fastmath={"contract"})
def down(block, x, transposed, hidden, y_bar, hidden_bars, x_bar, turned, weight_bars, bias_bars):
    """The transpose of ``up``: writes x_bar (in, TILE), adds to weight_bars[l][block] and bias_bars[l][block].

    ``transposed``: the weights' transposes; hidden_bars is like ``hidden`` and receives its cotangents; turned (TILE,
    widest input) is overwritten.
    """
    a_bar, zero = y_bar, transposed[0][0, 0] * 0
    for layer in range(len(transposed) - 1, -1, -1):
        multiply_transposed(a_bar, hidden[layer - 1] if layer else x, turned, weight_bars[layer][block])
        for o in range(len(a_bar)):
            bias_bars[layer][block, o] += a_bar[o].sum()
        h_bar = hidden_bars[layer - 1] if layer else x_bar
        h_bar[:] = 0
        multiply(transposed[layer], a_bar, h_bar)
        if layer:
            h = hidden[layer - 1]
            for i in range(len(h_bar)):
                for n in range(TILE):
                    h_bar[i, n] = h_bar[i, n] if h[i, n] > zero else zero
        a_bar = h_bar

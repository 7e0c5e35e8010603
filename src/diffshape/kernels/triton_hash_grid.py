"""A neural field on a multi-resolution grid, evaluated on CUDA in one launch: encoding, network, distance to the box.

The encoding is a tile of levels x points, points along the lanes of a warp: neighbours in the order of the points are
gathered together from one level. Entries are fp16, two of a row in one 4-byte gather, weighed and summed in float32.
A feature's tile, transposed, is then an operand of a matrix product with that feature's share of the first layer, so
that nothing has to be interleaved. Products are fp16 with float32 sums; coordinates, biases and the last layer stay
float32: rounding a coordinate to fp16, by up to 2^-12 of it, would show in a distance.
"""

import math

import triton
import triton.language as tl
from torch import Tensor

from diffshape.kernels.triton_hash_encode import corner_of, locate

BLOCK, WARPS = 128, 8
"""Points and warps of a program: at 16 levels a thread has eight cells, a warp 32 points of a level. Not tuned."""


def query(
    points: Tensor,
    order: Tensor | None,
    words: Tensor,
    scales: Tensor,
    plan: Tensor,
    by_point: Tensor | None,
    by_feature: Tensor,
    hidden: Tensor,
    biases: Tensor,
    last: Tensor,
    last_bias: Tensor,
    *,
    box: tuple[float, float],
    beta: float,
    smooth: bool,
) -> Tensor:
    """Values (N,) float32 at N contiguous float32 points.

    Args:
        points: (N, 3).
        order: (N,) int64, the order in which points are taken; as they stand if ``None``.
        words: The fp16 tables (entries, F), F = 1 or even, as int16 (entries, 1) or int32 (entries, F / 2).
        scales: (L,), cells per unit length.
        plan: (L, 5) int32, as for ``triton_hash_encode``.
        by_point: (3, W) float32, the first layer's weights of the coordinates; ``None`` if it does not read them.
        by_feature: (F, K, W) fp16, the first layer's weights of the features, level by level; 0 for levels from L to K.
        hidden: (H - 1, W, W) fp16, further layers, inputs first. K and W are powers of 2 from 16.
        biases: (H, W) float32.
        last: (W,) float32, the last layer's weights.
        last_bias: (1,) float32.
        box: Lowest and highest coordinate of the grid.
        beta: Sharpness of the softplus; infinite for ReLU.
        smooth: Whether weights are smoothstep of the place in the cell.
    """
    values = points.new_empty(len(points))
    if len(points) == 0:
        return values
    features, levels, width = by_feature.shape
    low, high = box
    _query_kernel[(triton.cdiv(len(points), BLOCK),)](
        points,
        points if order is None else order,
        words,
        scales,
        plan,
        biases if by_point is None else by_point,
        *(by_feature, hidden, biases, last, last_bias, values),
        *(len(points), low, high, 1 / (high - low), beta),
        ORDERED=order is not None,
        READS_POINT=by_point is not None,
        SMOOTH=smooth,
        RELU=beta == math.inf,
        L=len(scales),
        F=features,
        LEVELS=levels,
        WIDTH=width,
        HIDDEN=len(biases),
        BLOCK=BLOCK,
        num_warps=WARPS,
        enable_fp_fusion=False,
    )
    return values


@triton.jit
def _clamp(coordinate, low, high):
    """As ``torch.clamp``: NaN stays."""
    return tl.where(coordinate < low, low, tl.where(coordinate > high, high, coordinate))


@triton.jit
def _activate(u, beta, RELU: tl.constexpr):
    """max(u, 0), or softplus log(1 + e^(beta u)) / beta; NaN stays."""
    result = tl.where(u < 0, 0.0, u)
    if not RELU:
        result += tl.log(1 + tl.exp(-beta * tl.abs(u))) / beta
    return result


@triton.jit
def _half(bits, HIGH: tl.constexpr):
    """The fp16 number in one half of a word, as float32."""
    if HIGH:
        bits = bits >> 16
    return bits.to(tl.int16).to(tl.float16, bitcast=True).to(tl.float32)


@triton.jit
def _query_kernel(
    points, order, words, scales, plan, by_point, by_feature, hidden, biases, last, last_bias, values,
    count, low, high, to_unit, beta,
    ORDERED: tl.constexpr, READS_POINT: tl.constexpr, SMOOTH: tl.constexpr, RELU: tl.constexpr,
    L: tl.constexpr, F: tl.constexpr, LEVELS: tl.constexpr, WIDTH: tl.constexpr, HIDDEN: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    PAIRS: tl.constexpr = (F + 1) // 2
    n = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    real = n < count
    if ORDERED:
        n = tl.load(order + n, mask=real, other=0)
    px = tl.load(points + n * 3, mask=real, other=0.0)
    py = tl.load(points + n * 3 + 1, mask=real, other=0.0)
    pz = tl.load(points + n * 3 + 2, mask=real, other=0.0)
    qx, qy, qz = _clamp(px, low, high), _clamp(py, low, high), _clamp(pz, low, high)

    level = tl.arange(0, LEVELS)[:, None]
    exists = level < L
    scale = tl.load(scales + level, mask=exists, other=0.0)
    dense, size = tl.load(plan + level * 5, mask=exists, other=1), tl.load(plan + level * 5 + 4, mask=exists, other=1)
    y_step = tl.load(plan + level * 5 + 1, mask=exists, other=0)
    z_step = tl.load(plan + level * 5 + 2, mask=exists, other=0)
    first = tl.load(plan + level * 5 + 3, mask=exists, other=0)
    x, u, du = locate(((qx - low) * to_unit)[None, :], scale, SMOOTH)
    y, v, dv = locate(((qy - low) * to_unit)[None, :], scale, SMOOTH)
    z, w, dw = locate(((qz - low) * to_unit)[None, :], scale, SMOOTH)
    cells = (x, y * y_step, z * z_step, y_step, z_step, u, v, w, du, dv, dw, dense, size)

    unit = tl.arange(0, WIDTH)
    weights = level * WIDTH + unit[None, :]
    a = tl.zeros((BLOCK, WIDTH), tl.float32) + tl.load(biases + unit)[None, :]
    if READS_POINT:
        a = tl.fma(qx[:, None], tl.load(by_point + unit)[None, :], a)
        a = tl.fma(qy[:, None], tl.load(by_point + WIDTH + unit)[None, :], a)
        a = tl.fma(qz[:, None], tl.load(by_point + 2 * WIDTH + unit)[None, :], a)
    for pair in tl.static_range(PAIRS):
        even = tl.zeros((LEVELS, BLOCK), tl.float32)
        odd = even
        for corner in tl.static_range(8):
            row, weight, _, _, _ = corner_of(*cells, corner & 1, corner >> 1 & 1, corner >> 2)
            bits = tl.load(words + (first + row) * PAIRS + pair, mask=exists, other=0)
            even = tl.fma(weight, _half(bits, 0), even)
            if F > 1:
                odd = tl.fma(weight, _half(bits, 1), odd)
        share = by_feature + 2 * pair * LEVELS * WIDTH + weights
        a = tl.dot(tl.trans(even.to(tl.float16)), tl.load(share), a)
        if F > 1:
            a = tl.dot(tl.trans(odd.to(tl.float16)), tl.load(share + LEVELS * WIDTH), a)

    square = unit[:, None] * WIDTH + unit[None, :]
    for layer in tl.static_range(1, HIDDEN):
        h = _activate(a, beta, RELU).to(tl.float16)
        bias = tl.zeros((BLOCK, WIDTH), tl.float32) + tl.load(biases + layer * WIDTH + unit)[None, :]
        a = tl.dot(h, tl.load(hidden + (layer - 1) * WIDTH * WIDTH + square), bias)

    value = tl.sum(_activate(a, beta, RELU) * tl.load(last + unit)[None, :], 1) + tl.load(last_bias)
    dx, dy, dz = px - qx, py - qy, pz - qz
    beyond = tl.sqrt_rn(dx * dx + dy * dy + dz * dz)
    tl.store(values + n, value + beyond, mask=real)

"""Soft minima over all pairs of points on the CPU, in float32, a row at a time and vectorised over columns.

Row i keeps its scores s_j = h_j - c_ij / T for a stretch of columns at a time, and a running maximum m with the sum of
exp(s_j - m), so that nothing overflows and no table is kept. The exponential is written out so that the compiler can
vectorise it: 2^n times the Taylor polynomial of exp on [-ln 2 / 2, ln 2 / 2], relative error 2e-7.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled

TASK_PAIRS = 1 << 18
"""Pairs a task looks at, about."""

COLUMNS = 1024
"""Columns whose scores are kept at a time."""

FAST = {"reassoc", "contract", "nsz", "nnan"}
"""Assumptions that let the compiler vectorise sums and maxima: not that numbers are finite, as h may be -inf."""

LOWEST = np.float32(-87.0)
LOG2_E, LN_2 = np.float32(1 / math.log(2)), math.log(2)
LN_2_HIGH = np.float32(round(LN_2 * 512) / 512)  # few bits, so that n * LN_2_HIGH is exact
LN_2_LOW = np.float32(LN_2 - round(LN_2 * 512) / 512)
TAYLOR = tuple(np.float32(1 / math.factorial(k)) for k in range(8))
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


@compiled(fastmath=FAST, inline="always")
def _exp(x):
    """exp(x) for x <= 0, and not less than exp(LOWEST)."""
    x = max(x, LOWEST)
    n = np.floor(x * LOG2_E + HALF)
    r = (x - n * LN_2_HIGH) - n * LN_2_LOW
    p = TAYLOR[7]
    p = p * r + TAYLOR[6]
    p = p * r + TAYLOR[5]
    p = p * r + TAYLOR[4]
    p = p * r + TAYLOR[3]
    p = p * r + TAYLOR[2]
    p = p * r + TAYLOR[1]
    p = p * r + TAYLOR[0]
    return p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@compiled(fastmath=FAST, inline="always")
def _squared(x, y, z, columns, j):
    """Squared distance of column j."""
    dx, dy, dz = columns[0, j] - x, columns[1, j] - y, columns[2, j] - z
    return dx * dx + dy * dy + dz * dz


@compiled(fastmath=FAST)
def _row(x, y, z, columns, log_weights, inverse, squared, scores):
    """Maximum score of a row, and the sum of exp(score - maximum)."""
    best, total = -np.float32(np.inf), ZERO
    for first in range(0, columns.shape[1], len(scores)):
        count = min(len(scores), columns.shape[1] - first)
        highest = -np.float32(np.inf)
        if squared:
            for j in range(count):
                scores[j] = log_weights[first + j] - inverse * _squared(x, y, z, columns, first + j)
        else:
            for j in range(count):
                scores[j] = log_weights[first + j] - inverse * np.sqrt(_squared(x, y, z, columns, first + j))
        for j in range(count):
            highest = max(highest, scores[j])
        if highest > best:
            total *= _exp(best - highest)
            best = highest
        if best > -np.float32(np.inf):
            part = ZERO
            for j in range(count):
                part += _exp(scores[j] - best)
            total += part
    return best, total


def share(rows: np.ndarray, columns: np.ndarray) -> tuple[int, int]:
    """How many tasks the rows (B, N, 3) are shared into, and how many rows one has."""
    size = max(1, TASK_PAIRS // columns.shape[2])
    return len(rows) * -(-rows.shape[1] // size), size


@compiled
def soft_minimum(task, size, rows, columns, log_weights, temperature, squared, values) -> None:
    """Soft minima of the rows of one task, written to ``values``.

    Args:
        task: From 0 to B * ceil(N / size) - 1.
        size: Rows a task.
        rows: (B, N, 3) float32.
        columns: (B, 3, M) float32.
        log_weights: (B, M) float32, not all -inf.
        temperature: (B,) float32, positive.
        squared: Squared distances or distances.
        values: (B, N) float32, receives -T log sum_j exp(h_j - c_ij / T).
    """
    blocks = (rows.shape[1] + size - 1) // size
    b, first = task // blocks, task % blocks * size
    inverse = ONE / temperature[b]
    scores = np.empty(min(COLUMNS, columns.shape[2]), np.float32)
    for i in range(first, min(first + size, rows.shape[1])):
        best, total = _row(
            rows[b, i, 0], rows[b, i, 1], rows[b, i, 2], columns[b], log_weights[b], inverse, squared, scores
        )
        values[b, i] = -temperature[b] * (best + np.float32(math.log(total)))


@compiled(fastmath=FAST)
def _pull(x, y, z, columns, scores, weights, inverse, row_score, squared):
    """sum_j w_j exp(row_score + s_j - c_j / T) dc_j / d(x, y, z)."""
    gx, gy, gz = ZERO, ZERO, ZERO
    for j in range(columns.shape[1]):
        dx, dy, dz = x - columns[0, j], y - columns[1, j], z - columns[2, j]
        square = dx * dx + dy * dy + dz * dz
        distance = np.sqrt(square)
        cost = square if squared else distance
        slope = np.float32(2) if squared else (ONE / distance if distance > ZERO else ZERO)
        share = weights[j] * slope * _exp(min(row_score + scores[j] - inverse * cost, ZERO))
        gx += share * dx
        gy += share * dy
        gz += share * dz
    return gx, gy, gz


@compiled
def soft_minimum_pull(
    task, size, rows, columns, row_scores, column_scores, column_weights, temperature, squared, gradients
) -> None:
    """For each row of one task: sum_j w_j p_ij dc_ij / dx_i with p_ij = exp(u_i + v_j - c_ij / T), at most 1.

    Args:
        task: From 0 to B * ceil(N / size) - 1.
        size: Rows a task.
        rows: (B, N, 3) float32.
        columns: (B, 3, M) float32.
        row_scores: u, (B, N).
        column_scores: v, (B, M).
        column_weights: w, (B, M).
        temperature: (B,).
        squared: Squared distances or distances.
        gradients: (B, N, 3), receives the sums.
    """
    blocks = (rows.shape[1] + size - 1) // size
    b, first = task // blocks, task % blocks * size
    inverse = ONE / temperature[b]
    for i in range(first, min(first + size, rows.shape[1])):
        gradients[b, i, 0], gradients[b, i, 1], gradients[b, i, 2] = _pull(
            rows[b, i, 0],
            rows[b, i, 1],
            rows[b, i, 2],
            columns[b],
            column_scores[b],
            column_weights[b],
            inverse,
            row_scores[b, i],
            squared,
        )

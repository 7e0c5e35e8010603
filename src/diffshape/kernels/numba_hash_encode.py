"""Multi-resolution grid encoding and its Jacobian on the CPU, one task's share at a time.

A value and its derivatives are eight table rows interpolated axis by axis; the backward pass is the transpose, run
through the same three stages upside down. Forward tasks are runs of points. A backward task is one level, the only one
that writes that level's slice of the table: no atomics, and the same result with any number of threads.
"""

import numba
import numpy as np

POINTS_PER_TASK = 512
"""Points of a forward task."""
_PRIME_Y = np.uint32(2654435761)
_PRIME_Z = np.uint32(805459861)


@numba.njit(nogil=True, cache=True)
def _integers(plan, level):
    """Side, offset and size of a level."""
    return np.int64(plan[level, 1]), np.int64(plan[level, 2]), np.int64(plan[level, 3])


@numba.njit(nogil=True, cache=True)
def _axis(coordinate, scale, smooth):
    """Along one axis: the node before the point, the weight of the node after it, and that weight's derivative.

    Compiled without contraction, so that a point on a cell's border falls on the side where PyTorch sees it.
    """
    one = type(coordinate)(1)
    zero = one - one
    inside = zero if coordinate < zero else (one if coordinate > one else coordinate)
    slope = scale if inside == coordinate else zero
    position = inside * scale + one / (one + one)
    cell = np.floor(position)
    t = position - cell
    node = np.int64(cell) if cell >= zero else np.int64(0)  # a NaN stays in t and reads a row that exists
    if smooth:
        three = one + one + one
        return node, t * t * (three - (t + t)), (three + three) * t * (one - t) * slope
    return node, t, slope


@numba.njit(nogil=True, cache=True)
def _row(x, y, z, side, size):
    """Row of a node inside its level: row-major where all nodes fit, else the XOR hash; ``size`` is then 2^k."""
    if side * side * side <= size:
        row = x + side * (y + side * z)
        return row % size if row >= size else row
    return np.int64((np.uint32(x) ^ (np.uint32(y) * _PRIME_Y) ^ (np.uint32(z) * _PRIME_Z)) & np.uint32(size - 1))


@numba.njit(nogil=True, cache=True)
def _rows(x, y, z, side, offset, size):
    """Table rows of the eight corners of a cell, x fastest; unsigned, so that no index is taken from the end."""
    return (
        np.uint64(offset + _row(x, y, z, side, size)),
        np.uint64(offset + _row(x + 1, y, z, side, size)),
        np.uint64(offset + _row(x, y + 1, z, side, size)),
        np.uint64(offset + _row(x + 1, y + 1, z, side, size)),
        np.uint64(offset + _row(x, y, z + 1, side, size)),
        np.uint64(offset + _row(x + 1, y, z + 1, side, size)),
        np.uint64(offset + _row(x, y + 1, z + 1, side, size)),
        np.uint64(offset + _row(x + 1, y + 1, z + 1, side, size)),
    )


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def encode(task, points, tables, fade, plan, smooth, features, jacobian) -> None:
    """Write features (N, L * F) and, if ``jacobian`` is (N, 3, L * F) and not (N, 0, L * F), derivatives of a task.

    points (N, 3); tables (entries, F); fade (L,); plan (L, 4): ``GridLayout.plan``.
    """
    channels = tables.shape[1]
    first = task * POINTS_PER_TASK
    last = min(first + POINTS_PER_TASK, len(points))
    for level in range(len(fade)):
        factor, column = fade[level], level * channels
        if factor == 0:
            features[first:last, column : column + channels] = 0
            jacobian[first:last, :, column : column + channels] = 0
            continue
        scale = points.dtype.type(plan[level, 0])
        side, offset, size = _integers(plan, level)
        for n in range(first, last):
            x, tx, dx = _axis(points[n, 0], scale, smooth)
            y, ty, dy = _axis(points[n, 1], scale, smooth)
            z, tz, dz = _axis(points[n, 2], scale, smooth)
            r0, r1, r2, r3, r4, r5, r6, r7 = _rows(x, y, z, side, offset, size)
            for c in range(channels):
                e0, e2, e4, e6 = tables[r0, c], tables[r2, c], tables[r4, c], tables[r6, c]
                x0, x1, x2, x3 = tables[r1, c] - e0, tables[r3, c] - e2, tables[r5, c] - e4, tables[r7, c] - e6
                e0, e2, e4, e6 = e0 + tx * x0, e2 + tx * x1, e4 + tx * x2, e6 + tx * x3
                y0, y1 = e2 - e0, e6 - e4
                e0, e4 = e0 + ty * y0, e4 + ty * y1
                column = level * channels + c
                features[n, column] = (e0 + tz * (e4 - e0)) * factor
                if jacobian.shape[1] == 3:
                    x0, x2 = x0 + ty * (x1 - x0), x2 + ty * (x3 - x2)
                    jacobian[n, 0, column] = (x0 + tz * (x2 - x0)) * (dx * factor)
                    jacobian[n, 1, column] = (y0 + tz * (y1 - y0)) * (dy * factor)
                    jacobian[n, 2, column] = (e4 - e0) * (dz * factor)


@numba.njit(nogil=True, cache=True, fastmath={"contract"})
def encode_backward(level, points, features_bar, jacobian_bar, fade, plan, smooth, tables_bar) -> None:
    """Write a level's slice of ``tables_bar`` (entries, F): the transpose of ``encode``."""
    channels = tables_bar.shape[1]
    factor, scale = fade[level], points.dtype.type(plan[level, 0])
    side, offset, size = _integers(plan, level)
    tables_bar[offset : offset + size] = 0
    if factor == 0:
        return
    for n in range(len(points)):
        x, tx, dx = _axis(points[n, 0], scale, smooth)
        y, ty, dy = _axis(points[n, 1], scale, smooth)
        z, tz, dz = _axis(points[n, 2], scale, smooth)
        r0, r1, r2, r3, r4, r5, r6, r7 = _rows(x, y, z, side, offset, size)
        for c in range(channels):
            column = level * channels + c
            e0 = features_bar[n, column] * factor
            e4 = e0 * tz
            x0 = x1 = x2 = x3 = y0 = y1 = e0 - e0
            if jacobian_bar.shape[1] == 3:
                e4 += jacobian_bar[n, 2, column] * (dz * factor)
                y0 = jacobian_bar[n, 1, column] * (dy * factor)
                x0 = jacobian_bar[n, 0, column] * (dx * factor)
                y1, x2 = y0 * tz, x0 * tz
                y0, x0 = y0 - y1, x0 - x2
                x1, x3 = x0 * ty, x2 * ty
                x0, x2 = x0 - x1, x2 - x3
            e0 -= e4
            e2, e6 = e0 * ty + y0, e4 * ty + y1
            e0, e4 = e0 - e2, e4 - e6
            x0, x1, x2, x3 = e0 * tx + x0, e2 * tx + x1, e4 * tx + x2, e6 * tx + x3
            tables_bar[r0, c] += e0 - x0
            tables_bar[r1, c] += x0
            tables_bar[r2, c] += e2 - x1
            tables_bar[r3, c] += x1
            tables_bar[r4, c] += e4 - x2
            tables_bar[r5, c] += x2
            tables_bar[r6, c] += e6 - x3
            tables_bar[r7, c] += x3

"""Multi-resolution grid encoding and its Jacobian on the CPU, one call's share at a time.

Both passes go by level and by block of points. First the block's cells are located, in vector instructions: eight table
rows, three weights and their derivatives a point. Then, channel by channel, the eight entries are interpolated axis by
axis; the backward pass is the transpose, the same three stages upside down. Forward, a call takes every ``calls``-th
block of points; backward, every ``calls``-th level, so that only one writes a level's slice of the table: no atomics,
and the same result with any number of threads.
"""

import numpy as np

from diffshape.kernels.compiled import compiled

BLOCK = 512
"""Points of a block."""
_PRIME_Y = np.uint32(2654435761)
_PRIME_Z = np.uint32(805459861)


@compiled
def _locate(points, plan, smooth, rows, weights, slopes):
    """Find the cells of a block: nodes, weights of the far sides and their derivatives, and the corners' table rows.

    rows (8, BLOCK), x fastest; weights, slopes (3, BLOCK). Compiled without contraction, so that a point on a cell's
    border falls on the side where PyTorch sees it. A NaN stays in its weight and reads a row that exists.
    """
    count, scale, one = len(points), points.dtype.type(plan[0]), points.dtype.type(1)
    zero, half, three = one - one, one / (one + one), one + one + one
    nodes = np.empty((3, BLOCK), np.int32)
    for axis in range(3):
        for n in range(count):
            coordinate = points[n, axis]
            inside = zero if coordinate < zero else (one if coordinate > one else coordinate)
            slope = scale if inside == coordinate else zero
            position = inside * scale + half
            cell = np.floor(position)
            t = position - cell
            nodes[axis, n] = np.int32(cell if cell >= zero else zero)
            weights[axis, n] = t * t * (three - (t + t)) if smooth else t
            slopes[axis, n] = (three + three) * t * (one - t) * slope if smooth else slope
    side, offset, size = np.int64(plan[1]), np.int64(plan[2]), np.int64(plan[3])
    if side * side * side <= size:
        _number_rows(nodes, count, side, offset, size, rows)
    else:
        _hash_rows(nodes, count, offset, size, rows)


@compiled
def _number_rows(nodes, count, side, offset, size, rows):
    """Rows of a level whose nodes all fit, x fastest; nodes beyond the last wrap around."""
    side, plane, offset, size = np.int32(side), np.int32(side * side), np.int32(offset), np.int32(size)
    for n in range(count):
        first = nodes[0, n] + side * nodes[1, n] + plane * nodes[2, n]
        for corner in range(8):
            row = first + (corner & 1) + (corner >> 1 & 1) * side + (corner >> 2) * plane
            rows[corner, n] = offset + (row - size if row >= size else row)


@compiled
def _hash_rows(nodes, count, offset, size, rows):
    """Rows of a level that shares them by the XOR hash; ``size`` is a power of 2."""
    mask, one = np.uint32(size - 1), np.uint32(1)
    for n in range(count):
        x0, y0, z0 = np.uint32(nodes[0, n]), np.uint32(nodes[1, n]) * _PRIME_Y, np.uint32(nodes[2, n]) * _PRIME_Z
        x1, y1, z1 = x0 + one, y0 + _PRIME_Y, z0 + _PRIME_Z
        rows[0, n] = offset + np.int32(np.uint32(x0 ^ y0 ^ z0) & mask)
        rows[1, n] = offset + np.int32(np.uint32(x1 ^ y0 ^ z0) & mask)
        rows[2, n] = offset + np.int32(np.uint32(x0 ^ y1 ^ z0) & mask)
        rows[3, n] = offset + np.int32(np.uint32(x1 ^ y1 ^ z0) & mask)
        rows[4, n] = offset + np.int32(np.uint32(x0 ^ y0 ^ z1) & mask)
        rows[5, n] = offset + np.int32(np.uint32(x1 ^ y0 ^ z1) & mask)
        rows[6, n] = offset + np.int32(np.uint32(x0 ^ y1 ^ z1) & mask)
        rows[7, n] = offset + np.int32(np.uint32(x1 ^ y1 ^ z1) & mask)


@compiled(fastmath={"contract"})
def _interpolate(entries, rows, weights, factor, values):
    """A channel of a block: along x, then y, then z. entries (rows of the table,); values (points of the block,)."""
    for n in range(len(values)):
        tx, ty, tz = weights[0, n], weights[1, n], weights[2, n]
        e0, e2, e4, e6 = entries[rows[0, n]], entries[rows[2, n]], entries[rows[4, n]], entries[rows[6, n]]
        e0 += tx * (entries[rows[1, n]] - e0)
        e2 += tx * (entries[rows[3, n]] - e2)
        e4 += tx * (entries[rows[5, n]] - e4)
        e6 += tx * (entries[rows[7, n]] - e6)
        e0 += ty * (e2 - e0)
        e4 += ty * (e6 - e4)
        values[n] = (e0 + tz * (e4 - e0)) * factor


@compiled(fastmath={"contract"})
def _interpolate_with_slopes(entries, rows, weights, slopes, factor, values, derivatives):
    """As ``_interpolate``; derivatives (3, points of the block) are differences along one axis, interpolated."""
    for n in range(len(values)):
        tx, ty, tz = weights[0, n], weights[1, n], weights[2, n]
        e0, e2, e4, e6 = entries[rows[0, n]], entries[rows[2, n]], entries[rows[4, n]], entries[rows[6, n]]
        x0, x2 = entries[rows[1, n]] - e0, entries[rows[3, n]] - e2
        x4, x6 = entries[rows[5, n]] - e4, entries[rows[7, n]] - e6
        e0, e2, e4, e6 = e0 + tx * x0, e2 + tx * x2, e4 + tx * x4, e6 + tx * x6
        y0, y4 = e2 - e0, e6 - e4
        e0, e4 = e0 + ty * y0, e4 + ty * y4
        x0, x4 = x0 + ty * (x2 - x0), x4 + ty * (x6 - x4)
        z0 = e4 - e0
        values[n] = (e0 + tz * z0) * factor
        derivatives[0, n] = (x0 + tz * (x4 - x0)) * (slopes[0, n] * factor)
        derivatives[1, n] = (y0 + tz * (y4 - y0)) * (slopes[1, n] * factor)
        derivatives[2, n] = z0 * (slopes[2, n] * factor)


@compiled(fastmath={"contract"})
def _spread(values_bar, rows, weights, factor, entries_bar):
    """The transpose of ``_interpolate``, added to ``entries_bar``."""
    for n in range(len(values_bar)):
        tx, ty, tz = weights[0, n], weights[1, n], weights[2, n]
        e0 = values_bar[n] * factor
        e4 = e0 * tz
        e0 -= e4
        e2, e6 = e0 * ty, e4 * ty
        e0, e4 = e0 - e2, e4 - e6
        x0, x2, x4, x6 = e0 * tx, e2 * tx, e4 * tx, e6 * tx
        entries_bar[rows[0, n]] += e0 - x0
        entries_bar[rows[1, n]] += x0
        entries_bar[rows[2, n]] += e2 - x2
        entries_bar[rows[3, n]] += x2
        entries_bar[rows[4, n]] += e4 - x4
        entries_bar[rows[5, n]] += x4
        entries_bar[rows[6, n]] += e6 - x6
        entries_bar[rows[7, n]] += x6


@compiled(fastmath={"contract"})
def _spread_with_slopes(values_bar, derivatives_bar, rows, weights, slopes, factor, entries_bar):
    """The transpose of ``_interpolate_with_slopes``, added to ``entries_bar``."""
    for n in range(len(values_bar)):
        tx, ty, tz = weights[0, n], weights[1, n], weights[2, n]
        x0 = derivatives_bar[0, n] * (slopes[0, n] * factor)
        y0 = derivatives_bar[1, n] * (slopes[1, n] * factor)
        e0 = values_bar[n] * factor
        e4 = e0 * tz + derivatives_bar[2, n] * (slopes[2, n] * factor)
        y4, x4 = y0 * tz, x0 * tz
        e0, y0, x0 = e0 - e4, y0 - y4, x0 - x4
        e2, e6, x2, x6 = e0 * ty + y0, e4 * ty + y4, x0 * ty, x4 * ty
        e0, e4, x0, x4 = e0 - e2, e4 - e6, x0 - x2, x4 - x6
        x0, x2, x4, x6 = e0 * tx + x0, e2 * tx + x2, e4 * tx + x4, e6 * tx + x6
        entries_bar[rows[0, n]] += e0 - x0
        entries_bar[rows[1, n]] += x0
        entries_bar[rows[2, n]] += e2 - x2
        entries_bar[rows[3, n]] += x2
        entries_bar[rows[4, n]] += e4 - x4
        entries_bar[rows[5, n]] += x4
        entries_bar[rows[6, n]] += e6 - x6
        entries_bar[rows[7, n]] += x6


@compiled
def encode(call, calls, points, tables, fade, plan, smooth, features, derivatives):
    """Write features (L * F, N) and, if ``derivatives`` is (3, L * F, N) and not (0, L * F, N), these too.

    Does the blocks call, call + calls, ... of points (N, 3); tables (entries, F); fade (L,); plan (L, 4):
    ``GridLayout.plan``.
    """
    width = tables.shape[1]
    rows, weights, slopes = _block(points)
    for first in range(call * BLOCK, len(points), calls * BLOCK):
        last = min(first + BLOCK, len(points))
        for level in range(len(fade)):
            factor = fade[level]
            if factor != 0:
                _locate(points[first:last], plan[level], smooth, rows, weights, slopes)
            for c in range(width):
                channel = level * width + c
                values, entries = features[channel, first:last], tables[:, c]
                if factor == 0:
                    values[:] = 0
                    derivatives[:, channel, first:last] = 0
                elif len(derivatives) == 0:
                    _interpolate(entries, rows, weights, factor, values)
                else:
                    parts = derivatives[:, channel, first:last]
                    _interpolate_with_slopes(entries, rows, weights, slopes, factor, values, parts)


@compiled
def encode_block(points, tables, fade, plan, smooth, features):
    """Write features (L * F, n) of the at most ``BLOCK`` points of a block; those of levels faded out are left."""
    width = tables.shape[1]
    rows, weights, slopes = _block(points)
    for level in range(len(fade)):
        if fade[level] != 0:
            _locate(points, plan[level], smooth, rows, weights, slopes)
            for c in range(width):
                _interpolate(tables[:, c], rows, weights, fade[level], features[level * width + c])


@compiled
def encode_backward(call, calls, points, features_bar, derivatives_bar, fade, plan, smooth, tables_bar):
    """Write the slices of the levels call, call + calls, ... of ``tables_bar`` (entries, F): ``encode`` transposed."""
    for level in range(call, len(fade), calls):
        _encode_level_backward(level, points, features_bar, derivatives_bar, fade, plan, smooth, tables_bar)


@compiled
def _encode_level_backward(level, points, features_bar, derivatives_bar, fade, plan, smooth, tables_bar):
    width, factor = tables_bar.shape[1], fade[level]
    offset, size = np.int64(plan[level, 2]), np.int64(plan[level, 3])
    tables_bar[offset : offset + size] = 0
    if factor == 0:
        return
    rows, weights, slopes = _block(points)
    for first in range(0, len(points), BLOCK):
        last = min(first + BLOCK, len(points))
        _locate(points[first:last], plan[level], smooth, rows, weights, slopes)
        for c in range(width):
            channel = level * width + c
            values_bar, entries_bar = features_bar[channel, first:last], tables_bar[:, c]
            if len(derivatives_bar) == 0:
                _spread(values_bar, rows, weights, factor, entries_bar)
            else:
                parts_bar = derivatives_bar[:, channel, first:last]
                _spread_with_slopes(values_bar, parts_bar, rows, weights, slopes, factor, entries_bar)


@compiled
def _block(points):
    """Arrays that ``_locate`` fills."""
    weights = np.empty((3, BLOCK), points.dtype)
    return np.empty((8, BLOCK), np.uint32), weights, np.empty_like(weights)

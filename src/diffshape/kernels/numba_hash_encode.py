"""Multi-resolution grid encoding and its Jacobian on the CPU.

The forward pass runs in parallel over points. The backward pass runs in parallel over levels: each level owns its
slice of the table, so there are no atomics and the result does not depend on the number of threads.
"""

import numba
import numpy as np

PRIME_Y = np.uint32(2654435761)
PRIME_Z = np.uint32(805459861)


@numba.njit(inline="always")
def _entry(ix, iy, iz, resolution, size, dense):
    """Row of a grid node inside its level: row-major where the level is dense, else the XOR hash."""
    if dense:
        row = ix + resolution * (iy + resolution * iz)
        return row % size if row >= size else row
    return np.int64((np.uint32(ix) ^ (np.uint32(iy) * PRIME_Y) ^ (np.uint32(iz) * PRIME_Z)) & np.uint32(size - 1))


@numba.njit(inline="always")
def _axis(coordinate, scale, smooth, one):
    """Cell along one axis, weight of its far side, and that weight's derivative by the coordinate, 0 outside [0, 1]."""
    inside = min(max(coordinate, one - one), one)
    slope = scale if inside == coordinate else one - one
    position = inside * scale + one / (one + one)
    cell = np.floor(position)
    t = position - cell
    if smooth:
        three = one + one + one
        return np.int64(cell), t * t * (three - t - t), (three + three) * t * (one - t) * slope
    return np.int64(cell), t, slope


@numba.njit(parallel=True, cache=True)
def encode(points, tables, scales, rows, fade, smooth, out):
    """Write the features, and with ``len(out) == 4`` their x, y and z derivatives, of every level into zeroed ``out``.

    points (N, 3); tables (entries, F); scales, fade (L,); rows (3, L): resolutions, offsets, sizes; out (1 | 4, N, L * F).
    """
    channels = tables.shape[1]
    with_jacobian = out.shape[0] == 4
    one = points.dtype.type(1)
    zero = points.dtype.type(0)
    for n in numba.prange(points.shape[0]):
        for level in range(len(scales)):
            weight = fade[level]
            if weight == zero:
                continue
            resolution, offset, size = rows[0, level], rows[1, level], rows[2, level]
            dense = resolution**3 <= size
            ix, wx, dx = _axis(points[n, 0], scales[level], smooth, one)
            iy, wy, dy = _axis(points[n, 1], scales[level], smooth, one)
            iz, wz, dz = _axis(points[n, 2], scales[level], smooth, one)
            for c in range(channels):
                value, gx, gy, gz = zero, zero, zero, zero
                for corner in range(8):
                    bx, by, bz = corner & 1, (corner >> 1) & 1, corner >> 2
                    entry = tables[offset + _entry(ix + bx, iy + by, iz + bz, resolution, size, dense), c]
                    ux = wx if bx else one - wx
                    uy = wy if by else one - wy
                    uz = wz if bz else one - wz
                    value += ux * uy * uz * entry
                    if with_jacobian:
                        gx += (entry if bx else -entry) * uy * uz
                        gy += (entry if by else -entry) * ux * uz
                        gz += (entry if bz else -entry) * ux * uy
                column = level * channels + c
                out[0, n, column] = value * weight
                if with_jacobian:
                    out[1, n, column] = gx * dx * weight
                    out[2, n, column] = gy * dy * weight
                    out[3, n, column] = gz * dz * weight


@numba.njit(parallel=True, cache=True)
def encode_backward(points, gradient, scales, rows, fade, smooth, grad_tables):
    """Add to ``grad_tables`` (entries, F) what ``gradient`` (1 | 4, N, L * F) of ``encode``'s output sends there."""
    channels = grad_tables.shape[1]
    with_jacobian = gradient.shape[0] == 4
    one = points.dtype.type(1)
    for level in numba.prange(len(scales)):
        weight = fade[level]
        if weight == 0:
            continue
        resolution, offset, size = rows[0, level], rows[1, level], rows[2, level]
        dense = resolution**3 <= size
        for n in range(points.shape[0]):
            ix, wx, dx = _axis(points[n, 0], scales[level], smooth, one)
            iy, wy, dy = _axis(points[n, 1], scales[level], smooth, one)
            iz, wz, dz = _axis(points[n, 2], scales[level], smooth, one)
            for corner in range(8):
                bx, by, bz = corner & 1, (corner >> 1) & 1, corner >> 2
                row = offset + _entry(ix + bx, iy + by, iz + bz, resolution, size, dense)
                ux = wx if bx else one - wx
                uy = wy if by else one - wy
                uz = wz if bz else one - wz
                for c in range(channels):
                    column = level * channels + c
                    total = ux * uy * uz * gradient[0, n, column]
                    if with_jacobian:
                        total += (dx if bx else -dx) * uy * uz * gradient[1, n, column]
                        total += (dy if by else -dy) * ux * uz * gradient[2, n, column]
                        total += (dz if bz else -dz) * ux * uy * gradient[3, n, column]
                    grad_tables[row, c] += total * weight

"""What the network of the scan prior sees of a point, on the CPU: `ops.neighborhoods` has the definition.

A chunk of points is a task with scratch space of its own, so the result does not depend on the number of threads.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_local_quadrics import TERMS, substitute

CHUNK = 64
"""Points that share one scratch space."""

MOMENTS = 22
"""Weighted sums of a fit: 15 of x^a y^b with a + b <= 4, 6 of z times a term, and that of z^2."""


@compiled
def see_neighborhoods(
    task,
    unit,
    density,
    smooth_share,
    least,
    falloffs,
    ridge,
    ladder,
    rows,
    raw,
    points,
    normals,
    log_error,
    outlier,
    noise,
    neighbors,
    features,
    summary,
    raw_local,
    smooth_local,
    noises,
    frames,
    radii,
) -> None:
    """Write what is seen of the CHUNK ``rows`` of this task.

    unit, density = ranks of the neighbours whose distance is the radius, and tells the spacing; ladder ascending; raw,
    points, normals (M, 3); log_error, outlier (M,); by row: noise, neighbors (K), and outputs as in the definition.
    """
    count = neighbors.shape[1]
    local = np.empty((3, count), np.float32)
    weights, bits = np.empty(count, np.float32), np.empty(count, np.int32)
    powers, even = bits.view(np.float32), np.zeros((len(ladder), 2), np.float32)[:, 0]  # a column, as logits are
    matrix, factor = np.zeros((TERMS, TERMS)), np.zeros((TERMS, TERMS))
    right, solution = np.zeros(TERMS), np.zeros(TERMS)
    moments, near = np.empty(MOMENTS), np.empty((len(ladder), 3), np.float32)
    for row in range(task * CHUNK, min(len(rows), (task + 1) * CHUNK)):
        i = rows[row]
        nearest = neighbors[row]
        frame = frames[row]
        radius = _place(i, unit, points, normals, nearest, local, weights, bits, powers, frame)
        level = noise[row] / radius
        _see(
            i, level, radius, smooth_share, least, raw, points, normals, log_error, noise[row], nearest,
            frame, features[row], raw_local[row], smooth_local[row],
        )  # fmt: skip
        fine = smooth_share * level + np.float32(0.01)
        own = np.float32(0.0)
        for c in range(3):
            own += (raw[i, c] - points[i, c]) * normals[i, c]
        own = abs(own) / (noise[row] + least)
        summary[row, 0] = min(level, np.float32(2.0))
        summary[row, 1] = math.log(level + np.float32(0.01))
        summary[row, 2] = math.log(_distance(i, nearest[density], points) / radius + np.float32(1e-6))
        summary[row, 3] = math.log(_distance(i, nearest[count - 1], points) / radius + np.float32(1e-6))
        summary[row, 4] = _within(log_error[i] - math.log(noise[row] + least), -4.0, 3.0)
        summary[row, 5] = _bounded(own / np.float32(3.0))
        summary[row, 6] = _within(outlier[i], -5.0, 5.0) / np.float32(3.0)
        for k in range(len(ladder)):
            for c in range(3):
                near[k, c] = smooth_local[row, ladder[k], c]
        for f in range(len(falloffs)):
            seen = summary[row, 7 + 3 * f :]
            _fit(
                near, falloffs[f], even, ridge, fine, matrix, factor, right, solution, moments, weights,
                bits, powers, seen,
            )  # fmt: skip
        noises[row], radii[row] = level, radius


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _exponentials(values, bits, powers) -> None:
    """Replace ``values`` by their exponentials, to 2e-7 of each; from -80 to 80. ``powers`` are ``bits`` as floats.

    exp(v) = 2^k exp(r) with k = floor(v / ln 2 + 1/2) and |r| <= ln 2 / 2, whose series is cut off after r^6; loops
    that the compiler turns into vector instructions, as it does not with math.exp.
    """
    one, half = np.float32(1.0), np.float32(0.5)
    for j in range(len(values)):
        v = min(max(values[j], np.float32(-80.0)), np.float32(80.0))
        k = math.floor(v * np.float32(1.4426950408889634) + half)
        r = (v - k * np.float32(0.693145751953125)) - k * np.float32(1.42860682030941723212e-6)
        p = np.float32(1 / 120) + r * np.float32(1 / 720)
        p = np.float32(1 / 6) + r * (np.float32(1 / 24) + r * p)
        values[j] = one + r * (one + r * (half + r * p))
        bits[j] = (np.int32(k) + np.int32(127)) << np.int32(23)
    for j in range(len(values)):
        values[j] *= powers[j]


@compiled(inline="always")
def _bounded(value):
    return value / math.sqrt(np.float32(1.0) + value * value)


@compiled(inline="always")
def _within(value, low, high):
    return min(max(value, np.float32(low)), np.float32(high))


@compiled
def _distance(i, q, points):
    total = np.float32(0.0)
    for c in range(3):
        offset = points[q, c] - points[i, c]
        total += offset * offset
    return math.sqrt(total)


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _place(i, unit, points, normals, nearest, local, weights, bits, powers, frame) -> float:
    """Write the canonical frame; returns the radius."""
    count = len(nearest)
    radius = max(_distance(i, nearest[unit], points), np.float32(1e-30))
    nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
    sign = np.float32(-1.0) if nz < 0 else np.float32(1.0)
    a = np.float32(-1.0) / (sign + nz)
    b = nx * ny * a
    ux, uy, uz = np.float32(1.0) + sign * nx * nx * a, sign * b, -sign * nx
    vx, vy, vz = b, sign + ny * ny * a, -ny
    scale = np.float32(1.0) / radius
    px, py, pz = points[i, 0], points[i, 1], points[i, 2]
    for j in range(count):
        q = nearest[j]
        dx, dy, dz = (points[q, 0] - px) * scale, (points[q, 1] - py) * scale, (points[q, 2] - pz) * scale
        local[0, j] = dx * ux + dy * uy + dz * uz
        local[1, j] = dx * vx + dy * vy + dz * vz
        local[2, j] = dx * nx + dy * ny + dz * nz
    for j in range(count):
        weights[j] = -(local[0, j] * local[0, j] + local[1, j] * local[1, j])
    _exponentials(weights, bits, powers)
    up, across, along, right, left = np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for j in range(count):
        x, y, rise = local[0, j], local[1, j], weights[j] * local[2, j]
        up += rise
        across += rise * (x * x - y * y)
        along += rise * x * y
        right += rise * x
        left += rise * y
    side = np.float32(-1.0) if up < 0 else np.float32(1.0)
    angle = 0.5 * math.atan2(2 * side * along, side * across)
    c, s = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    first = np.float32(-1.0) if side * (c * right + s * left) < 0 else np.float32(1.0)
    second = np.float32(-1.0) if side * (c * left - s * right) < 0 else np.float32(1.0)
    frame[0, 0], frame[0, 1], frame[0, 2] = (
        first * (c * ux + s * vx),
        first * (c * uy + s * vy),
        first * (c * uz + s * vz),
    )
    frame[1, 0], frame[1, 1], frame[1, 2] = (
        second * (c * vx - s * ux),
        second * (c * vy - s * uy),
        second * (c * vz - s * uz),
    )
    frame[2, 0], frame[2, 1], frame[2, 2] = side * nx, side * ny, side * nz
    return radius


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _see(
    i, level, radius, smooth_share, least, raw, points, normals, log_error, noise, nearest,
    frame, features, raw_local, smooth_local,
) -> None:  # fmt: skip
    """Write coordinates and features of every neighbour."""
    half, three, two, one = np.float32(0.5), np.float32(3.0), np.float32(2.0), np.float32(1.0)
    fine = one / (two * (smooth_share * level + np.float32(0.01)))
    coarse = one / (three * (level + np.float32(0.02)))
    log_noise = np.float32(math.log(noise + least))
    shown = min(level, two)
    scale = one / radius
    px, py, pz = points[i, 0], points[i, 1], points[i, 2]
    for j in range(len(nearest)):
        q = nearest[j]
        dx, dy, dz = (points[q, 0] - px) * scale, (points[q, 1] - py) * scale, (points[q, 2] - pz) * scale
        rx, ry, rz = (raw[q, 0] - px) * scale, (raw[q, 1] - py) * scale, (raw[q, 2] - pz) * scale
        mx, my, mz = normals[q, 0], normals[q, 1], normals[q, 2]
        x = dx * frame[0, 0] + dy * frame[0, 1] + dz * frame[0, 2]
        y = dx * frame[1, 0] + dy * frame[1, 1] + dz * frame[1, 2]
        z = dx * frame[2, 0] + dy * frame[2, 1] + dz * frame[2, 2]
        a = rx * frame[0, 0] + ry * frame[0, 1] + rz * frame[0, 2]
        b = rx * frame[1, 0] + ry * frame[1, 1] + rz * frame[1, 2]
        h = rx * frame[2, 0] + ry * frame[2, 1] + rz * frame[2, 2]
        u = mx * frame[0, 0] + my * frame[0, 1] + mz * frame[0, 2]
        v = mx * frame[1, 0] + my * frame[1, 1] + mz * frame[1, 2]
        w = mx * frame[2, 0] + my * frame[2, 1] + mz * frame[2, 2]
        side = -one if w < 0 else one
        u, v, w = side * u, side * v, side * w
        smooth_local[j, 0], smooth_local[j, 1], smooth_local[j, 2] = x, y, z
        raw_local[j, 0], raw_local[j, 1], raw_local[j, 2] = a, b, h
        height, measured = _bounded(z * fine), _bounded(h * coarse)
        plane = _bounded(-(x * u + y * v + z * w) * fine)
        moved = abs((a - x) * u + (b - y) * v + (h - z) * w)
        f = features[j]
        f[0], f[1], f[2] = x, y, x * x + y * y
        f[3], f[4], f[5], f[6], f[7], f[8] = (
            height,
            height * height,
            measured,
            measured * measured,
            plane,
            plane * plane,
        )
        f[9], f[10], f[11], f[12] = u, v, w, min(np.float32(4.0) * (one - w), one)
        f[13], f[14], f[15] = half * _within(log_error[q] - log_noise, -4.0, 3.0), _bounded(moved * coarse), shown


@compiled
def fit_windowed(task, ridge, raw, smooth, logits, windows, coefficients) -> None:
    """Write the quadrics of the CHUNK neighbourhoods of this task, by `ops.neighborhoods.quadric_fit`.

    raw, smooth (N, K, 3); logits (N, K, 2) of their weights; windows (N, 2) falls of theirs; coefficients (N, 6).
    """
    matrix, factor = np.zeros((TERMS, TERMS)), np.zeros((TERMS, TERMS))
    right, solution, moments = np.zeros(TERMS), np.zeros(TERMS), np.empty(MOMENTS)
    weights, bits = np.empty(raw.shape[1], np.float32), np.empty(raw.shape[1], np.int32)
    powers = bits.view(np.float32)
    for i in range(task * CHUNK, min(len(raw), (task + 1) * CHUNK)):
        moments[:] = 0.0
        _add_weighted(raw[i], logits[i, :, 0], windows[i, 0], weights, bits, powers, moments)
        _add_weighted(smooth[i], logits[i, :, 1], windows[i, 1], weights, bits, powers, moments)
        _equations(moments, ridge, matrix, right)
        _solve(matrix, right, factor, solution)
        for r in range(TERMS):
            coefficients[i, r] = solution[r]


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _add_weighted(local, logits, window, weights, bits, powers, moments) -> None:
    """Add the moments of neighbours with the weights exp(logit - window r^2)."""
    total = s10 = s01 = s20 = s11 = s02 = s30 = s21 = s12 = s03 = s40 = s31 = s22 = s13 = s04 = np.float32(0.0)
    z00 = z10 = z01 = z20 = z11 = z02 = zz = np.float32(0.0)
    for j in range(len(local)):
        weights[j] = logits[j] - window * (local[j, 0] * local[j, 0] + local[j, 1] * local[j, 1])
    _exponentials(weights[: len(local)], bits, powers)
    for j in range(len(local)):
        x, y, z, w = local[j, 0], local[j, 1], local[j, 2], weights[j]
        xx, xy, yy = x * x, x * y, y * y
        wx, wy, wxx, wxy, wyy, wz = w * x, w * y, w * xx, w * xy, w * yy, w * z
        total += w
        s10, s01, s20, s11, s02 = s10 + wx, s01 + wy, s20 + wxx, s11 + wxy, s02 + wyy
        s30, s21, s12, s03 = s30 + wxx * x, s21 + wxx * y, s12 + wyy * x, s03 + wyy * y
        s40, s31, s22, s13, s04 = s40 + wxx * xx, s31 + wxx * xy, s22 + wxx * yy, s13 + wxy * yy, s04 + wyy * yy
        z00, z10, z01, zz = z00 + wz, z10 + wz * x, z01 + wz * y, zz + wz * z
        z20, z11, z02 = z20 + wz * xx, z11 + wz * xy, z02 + wz * yy
    found = (total, s10, s01, s20, s11, s02, s30, s21, s12, s03, s40, s31, s22, s13, s04)
    for m, value in enumerate(found):
        moments[m] += value
    for m, value in enumerate((z00, z10, z01, z20, z11, z02, zz)):
        moments[len(found) + m] += value


@compiled
def _equations(moments, ridge, matrix, right) -> None:
    """Write the lower half of the normal equations, over the sum of the weights, and the ridge on their diagonal."""
    total, s10, s01, s20, s11, s02 = moments[0], moments[1], moments[2], moments[3], moments[4], moments[5]
    s30, s21, s12, s03 = moments[6], moments[7], moments[8], moments[9]
    s40, s31, s22, s13, s04 = moments[10], moments[11], moments[12], moments[13], moments[14]
    for r, line in enumerate(
        (
            (total, 0.0, 0.0, 0.0, 0.0, 0.0),
            (s10, s20, 0.0, 0.0, 0.0, 0.0),
            (s01, s11, s02, 0.0, 0.0, 0.0),
            (s20, s30, s21, s40, 0.0, 0.0),
            (s11, s21, s12, s31, s22, 0.0),
            (s02, s12, s03, s22, s13, s04),
        )
    ):
        for c in range(r + 1):
            matrix[r, c] = line[c] / total
        matrix[r, r] += ridge[r]
        right[r] = moments[15 + r] / total


@compiled
def _fit(
    near, falloff, even, ridge, fine, matrix, factor, right, solution, moments, weights, bits, powers, seen
) -> None:  # fmt: skip
    """Write height, residual and curvature of the quadric with this window to ``seen``."""
    moments[:] = 0.0
    _add_weighted(near, even, falloff, weights, bits, powers, moments)
    _equations(moments, ridge, matrix, right)
    _solve(matrix, right, factor, solution)
    fitted = 0.0  # sum of w (fit^2 - 2 fit z), so that the residual is that plus the squares of z
    for r in range(TERMS):
        row = 0.0
        for c in range(TERMS):
            row += (matrix[r, c] if c <= r else matrix[c, r]) * solution[c]
        fitted += solution[r] * (row - ridge[r] * solution[r] - 2 * right[r])
    spread = math.sqrt(max(fitted + moments[MOMENTS - 1] / moments[0], 0.0))
    seen[0] = _bounded(np.float32(solution[0] / (2 * fine)))
    seen[1] = _within(np.float32(math.log((spread + 1e-4) / fine)), -3.0, 3.0)
    seen[2] = min(np.float32(math.sqrt(solution[3] ** 2 + solution[4] ** 2 + solution[5] ** 2)), np.float32(3.0))


@compiled
def _solve(matrix, right, factor, solution) -> None:
    """Solve the equations by Cholesky; the ridge makes them positive definite."""
    for i in range(TERMS):
        for j in range(i + 1):
            s = matrix[i, j]
            for k in range(j):
                s -= factor[i, k] * factor[j, k]
            factor[i, j] = math.sqrt(max(s, 1e-30)) if i == j else s / factor[j, j]
    substitute(factor, right, TERMS, solution)

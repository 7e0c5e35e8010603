"""Local quadrics by least squares over growing neighbourhoods, on the CPU.

A point's neighbours are projected once into its tangent frame; the moments of every next ring are then added to those
of the rings before, so trying nine sizes costs little more than the largest. A chunk of points is a task with scratch
space of its own, so the result does not depend on the number of threads.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled

CHUNK = 128
"""Points that share one scratch space."""

DEGREES = (0, 1, 1, 2, 2, 2)
"""Degrees of the terms 1, u, v, u^2, u v, v^2."""

TERMS = len(DEGREES)

PIVOT = 1e-10
"""Share of the neighbours below which a pivot of the normal equations tells that they lie on a line or a point."""


@compiled
def fit_quadrics(
    task,
    noise,
    confidence,
    agreement,
    sizes,
    least,
    centers,
    frames,
    points,
    point_normals,
    neighbors,
    fits,
    used,
    residuals,
) -> None:
    """Write the chosen fit of the CHUNK centers of this task; what is not written (too few neighbours) keeps its value.

    sizes ascending, at most K; least = neighbours that a plane and a quadric need; centers (N, 3); frames (N, 3, 3):
    rows u, v, n; points, point_normals (M, 3); neighbors (N, K), nearest first; fits (N, 6): coefficients by (u, v, n).
    """
    local = np.empty((3, neighbors.shape[1]))
    ends = np.empty(len(sizes), np.int64)
    matrix, factor = np.zeros((TERMS, TERMS)), np.zeros((TERMS, TERMS))
    right, solution = np.zeros(TERMS), np.zeros(TERMS)
    for i in range(task * CHUNK, min(len(centers), (task + 1) * CHUNK)):
        scale = _project(centers[i], frames[i], points, point_normals, neighbors[i], sizes, agreement, local, ends)
        if scale == 0.0:
            continue
        matrix[:], right[:] = 0.0, 0.0
        squares, start, lowest, highest = 0.0, 0, -np.inf, np.inf
        for end in ends:
            squares += _add_moments(local, start, end, matrix, right)
            start = end
            if end < least[0]:
                continue
            terms = TERMS if end >= least[1] else 3
            spread = _solve(matrix, right, terms, end, factor, solution)
            if spread < 0.0:
                continue
            margin = confidence * noise * spread
            lowest, highest = max(lowest, solution[0] - margin), min(highest, solution[0] + margin)
            if lowest > highest:
                break
            for r in range(TERMS):
                fits[i, r] = solution[r] / scale ** DEGREES[r] if r < terms else 0.0
            remaining = squares - np.dot(solution[:terms], right[:terms])
            used[i] = end
            residuals[i] = math.sqrt(max(remaining, 0.0) / max(end - terms, 1))


@compiled
def _project(center, frame, points, point_normals, neighbors, sizes, agreement, local, ends) -> float:
    """Write the agreeing neighbours' u, v (in units of the returned scale) and height, and how many each size has."""
    scale, count, size = 0.0, 0, 0
    for j in range(sizes[-1]):
        q = neighbors[j]
        cosine = 0.0
        for c in range(3):
            cosine += point_normals[q, c] * frame[2, c]
        if cosine > agreement:
            for axis in range(3):
                local[axis, count] = 0.0
                for c in range(3):
                    local[axis, count] += (points[q, c] - center[c]) * frame[axis, c]
            scale = max(scale, abs(local[0, count]), abs(local[1, count]))
            count += 1
        if j + 1 == sizes[size]:
            ends[size] = count
            size += 1
    if scale > 0.0:
        for j in range(count):
            local[0, j] /= scale
            local[1, j] /= scale
    return scale


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _add_moments(local, start, end, matrix, right) -> float:
    """Add the neighbours start..end to the lower half of the normal equations; returns their sum of squared heights."""
    s10, s01, s20, s11, s02, s30, s21, s12, s03 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    s40, s31, s22, s13, s04 = 0.0, 0.0, 0.0, 0.0, 0.0
    z0, z10, z01, z20, z11, z02, zz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(start, end):
        u, v, z = local[0, j], local[1, j], local[2, j]
        uu, uv, vv = u * u, u * v, v * v
        s10, s01, s20, s11, s02 = s10 + u, s01 + v, s20 + uu, s11 + uv, s02 + vv
        s30, s21, s12, s03 = s30 + uu * u, s21 + uu * v, s12 + vv * u, s03 + vv * v
        s40, s31, s22, s13, s04 = s40 + uu * uu, s31 + uu * uv, s22 + uu * vv, s13 + uv * vv, s04 + vv * vv
        z0, z10, z01, zz = z0 + z, z10 + u * z, z01 + v * z, zz + z * z
        z20, z11, z02 = z20 + uu * z, z11 + uv * z, z02 + vv * z
    for r, row in enumerate(
        (
            (float(end - start), 0.0, 0.0, 0.0, 0.0, 0.0),
            (s10, s20, 0.0, 0.0, 0.0, 0.0),
            (s01, s11, s02, 0.0, 0.0, 0.0),
            (s20, s30, s21, s40, 0.0, 0.0),
            (s11, s21, s12, s31, s22, 0.0),
            (s02, s12, s03, s22, s13, s04),
        )
    ):
        for c in range(r + 1):
            matrix[r, c] += row[c]
    for r, value in enumerate((z0, z10, z01, z20, z11, z02)):
        right[r] += value
    return zz


@compiled
def _solve(matrix, right, terms, count, factor, solution) -> float:
    """Solve the leading equations by Cholesky; returns the standard error of solution[0] per unit of noise, or -1."""
    for i in range(terms):
        for j in range(i + 1):
            s = matrix[i, j]
            for k in range(j):
                s -= factor[i, k] * factor[j, k]
            if i > j:
                factor[i, j] = s / factor[j, j]
            elif s > PIVOT * count:
                factor[i, i] = math.sqrt(s)
            else:
                return -1.0
    variance = 0.0  # entry (0, 0) of the inverse of L L^T: |L^-1 e_0|^2
    for i in range(terms):
        solution[i] = 1.0 if i == 0 else 0.0
        for k in range(i):
            solution[i] -= factor[i, k] * solution[k]
        solution[i] /= factor[i, i]
        variance += solution[i] * solution[i]
    substitute(factor, right, terms, solution)
    return math.sqrt(variance)


@compiled
def substitute(factor, right, terms, solution) -> None:
    """Write the solution of L L^T x = right, with the lower triangular L = ``factor``, forwards and then backwards."""
    for i in range(terms):
        solution[i] = right[i]
        for k in range(i):
            solution[i] -= factor[i, k] * solution[k]
        solution[i] /= factor[i, i]
    for i in range(terms - 1, -1, -1):
        for k in range(i + 1, terms):
            solution[i] -= factor[k, i] * solution[k]
        solution[i] /= factor[i, i]

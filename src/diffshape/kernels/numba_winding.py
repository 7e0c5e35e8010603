"""The generalised winding number of triangles around points: how often, and which way, they surround each.

    w(q) = sum over triangles t of O_t(q) / (4 pi)

with O_t the solid angle under which q sees t, positive seen from behind: 1 inside a closed mesh that faces outward, 0
outside, in between near holes. With a, b, c the vectors from q to the corners,

    tan(O / 2) = a . (b x c) / (|a| |b| |c| + (a . b) |c| + (b . c) |a| + (c . a) |b|)

and 0 for a triangle in whose plane q lies, the mean of both sides: on a closed mesh w is the share of the full sphere
of directions that lead inside, 1/2 on a face.

Far away a cluster of triangles is dipoles, the vector area of each shared among the middles of its sides, which is
exact to second order. With d from the centre m of the cluster to a dipole n, and r = m - q,

    4 pi w = N . r / |r|^3  +  tr S / |r|^3 - 3 S(r, r) / |r|^5  -  9/2 v . r / |r|^5 + 15/2 T(r, r, r) / |r|^7

N = sum n, S and T the symmetric parts of sum n d and sum n d d, v the trace of T. A cluster is far where |r| exceeds
beta times the distance from m to its farthest corner. Clusters are the nodes of the tree of `numba_bvh`.

Source: Van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 1983; Jacobson, Kavan, Sorkine-Hornung, SIGGRAPH 2013;
Barill, Dickson, Schmidt, Levin, Jacobson, "Fast winding numbers for soups and clouds", SIGGRAPH 2018.
"""

import math

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import squared_distance

CHUNK = 2048
"""Queries a task answers."""


@compiled
def _vector_area(triangles, i) -> tuple[float, float, float]:
    """Half the cross product of two edges of triangle i."""
    ax, ay, az = triangles[i, 0, 0], triangles[i, 0, 1], triangles[i, 0, 2]
    bx, by, bz = triangles[i, 1, 0] - ax, triangles[i, 1, 1] - ay, triangles[i, 1, 2] - az
    cx, cy, cz = triangles[i, 2, 0] - ax, triangles[i, 2, 1] - ay, triangles[i, 2, 2] - az
    return (by * cz - bz * cy) / 2, (bz * cx - bx * cz) / 2, (bx * cy - by * cx) / 2


@compiled
def _center(triangles, first, last, moment) -> None:
    """Write m, the centroid by area (a corner, if there is no area), and the square of the cluster's radius."""
    total = 0.0
    for i in range(first, last):
        nx, ny, nz = _vector_area(triangles, i)
        area = math.sqrt(nx * nx + ny * ny + nz * nz)
        total += area
        for axis in range(3):
            moment[axis] += area * (triangles[i, 0, axis] + triangles[i, 1, axis] + triangles[i, 2, axis]) / 3
    for axis in range(3):
        moment[axis] = moment[axis] / total if total > 0 else triangles[first, 0, axis]
    for i in range(first, last):
        for corner in range(3):
            moment[3] = max(moment[3], squared_distance(triangles[i], corner, moment[0], moment[1], moment[2]))


@compiled
def _add_dipoles(triangles, i, moment) -> None:
    """Add the three dipoles of triangle i to N, S and T."""
    nx, ny, nz = _vector_area(triangles, i)
    nx, ny, nz = nx / 3, ny / 3, nz / 3
    for corner in range(3):
        after = (corner + 1) % 3
        x = (triangles[i, corner, 0] + triangles[i, after, 0]) / 2 - moment[0]
        y = (triangles[i, corner, 1] + triangles[i, after, 1]) / 2 - moment[1]
        z = (triangles[i, corner, 2] + triangles[i, after, 2]) / 2 - moment[2]
        moment[4] += nx
        moment[5] += ny
        moment[6] += nz
        moment[7] += nx * x
        moment[8] += ny * y
        moment[9] += nz * z
        moment[10] += (nx * y + ny * x) / 2
        moment[11] += (nx * z + nz * x) / 2
        moment[12] += (ny * z + nz * y) / 2
        moment[13] += nx * x * x
        moment[14] += ny * y * y
        moment[15] += nz * z * z
        moment[16] += (2 * nx * y + ny * x) * x / 3
        moment[17] += (2 * nx * z + nz * x) * x / 3
        moment[18] += (2 * ny * x + nx * y) * y / 3
        moment[19] += (2 * ny * z + nz * y) * y / 3
        moment[20] += (2 * nz * x + nx * z) * z / 3
        moment[21] += (2 * nz * y + ny * z) * z / 3
        moment[22] += (nx * y * z + ny * x * z + nz * x * y) / 3


@compiled
def cluster_moments(triangles, leaves) -> np.ndarray:
    """The moments (2 leaves, 23) of every node of the tree over (F, 3, 3) permuted triangles.

    m; the square of the radius; N; S as xx, yy, zz, xy, xz, yz; T as xxx, yyy, zzz, xxy, xxz, yyx, yyz, zzx, zzy, xyz.
    """
    moments = np.zeros((2 * leaves, 23))
    width = 1
    for node in range(1, 2 * leaves):
        if node == 2 * width:
            width = node
        first, last = ((node - width) * len(triangles)) // width, ((node - width + 1) * len(triangles)) // width
        _center(triangles, first, last, moments[node])
        for i in range(first, last):
            _add_dipoles(triangles, i, moments[node])
    return moments


@compiled
def half_solid_angle(triangles, i, x, y, z) -> float:
    """Half the solid angle under which a point sees triangle i, from -pi to pi; 0 in its plane."""
    ax, ay, az = triangles[i, 0, 0] - x, triangles[i, 0, 1] - y, triangles[i, 0, 2] - z
    bx, by, bz = triangles[i, 1, 0] - x, triangles[i, 1, 1] - y, triangles[i, 1, 2] - z
    cx, cy, cz = triangles[i, 2, 0] - x, triangles[i, 2, 1] - y, triangles[i, 2, 2] - z
    volume = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    if volume == 0:
        return 0.0
    a = math.sqrt(ax * ax + ay * ay + az * az)
    b = math.sqrt(bx * bx + by * by + bz * bz)
    c = math.sqrt(cx * cx + cy * cy + cz * cz)
    ab, bc, ca = ax * bx + ay * by + az * bz, bx * cx + by * cy + bz * cz, cx * ax + cy * ay + cz * az
    return math.atan2(volume, a * b * c + ab * c + bc * a + ca * b)


@compiled
def _far_solid_angle(moments, node, x, y, z, squared) -> float:
    """The solid angle of a cluster from its moments, for r = (x, y, z)."""
    m = moments[node]
    xx, yy, zz = x * x, y * y, z * z
    first = m[7] * xx + m[8] * yy + m[9] * zz + 2 * (m[10] * x * y + m[11] * x * z + m[12] * y * z)
    trace = (m[13] + m[18] + m[20]) * x + (m[14] + m[16] + m[21]) * y + (m[15] + m[17] + m[19]) * z
    second = (
        x * (m[13] * xx + 3 * (m[18] * yy + m[20] * zz))
        + y * (m[14] * yy + 3 * (m[16] * xx + m[21] * zz))
        + z * (m[15] * zz + 3 * (m[17] * xx + m[19] * yy))
        + 6 * m[22] * x * y * z
    )
    inverse = 1 / squared
    constant = m[4] * x + m[5] * y + m[6] * z + m[7] + m[8] + m[9]
    return (constant + (7.5 * second * inverse - 3 * first - 4.5 * trace) * inverse) * inverse * math.sqrt(inverse)


@compiled
def _winding_number(triangles, moments, beta, x, y, z) -> float:
    """w of one point. The tree is walked in preorder without a stack.

    After node i and all below it comes (i + 1) without its trailing zero bits; that is 1, the root, at the end.
    """
    leaves, near, far, node = len(moments) // 2, 0.0, 0.0, 1
    while True:
        m = moments[node]
        rx, ry, rz = m[0] - x, m[1] - y, m[2] - z
        squared = rx * rx + ry * ry + rz * rz
        if squared > beta * beta * m[3]:
            far += _far_solid_angle(moments, node, rx, ry, rz, squared)
        elif node < leaves:
            node *= 2
            continue
        else:
            place = node - leaves
            for i in range(place * len(triangles) // leaves, (place + 1) * len(triangles) // leaves):
                near += half_solid_angle(triangles, i, x, y, z)
        node += 1
        while node & 1 == 0:
            node >>= 1
        if node == 1:
            return (near + far / 2) / (2 * math.pi)


@compiled
def query_winding(task, triangles, moments, beta, queries, order, free, answers) -> None:
    """One task, of ``CHUNK`` queries.

    Args:
        task: Which part of ``order`` to answer.
        triangles: (F, 3, 3) as the tree has permuted them.
        moments: Made by `cluster_moments`.
        beta: How many radii away a cluster is far; infinity sums every triangle.
        queries: (N, 3) finite, float64.
        order: (N,) the queries along a Morton curve.
        free: (N,) the radius of a ball around each query in which w is known not to change. Of two queries that share
            such a ball the later one takes the winding number of the earlier one.
        answers: (N,) float64, receives w.
    """
    before = -1
    for i in order[task * CHUNK : (task + 1) * CHUNK]:
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        if before >= 0 and squared_distance(queries, before, x, y, z) < max(free[before], free[i]) ** 2:
            answers[i] = answers[before]
        else:
            answers[i] = _winding_number(triangles, moments, beta, x, y, z)
        before = i

"""Value and gradient of the smoothed potential of many charges and dipoles on the CPU, in O(N log N).

    u(x) = sum_j q_j / R_j + m_j . d_j / R_j^3,      d_j = p_j - x,      R_j^2 = |d_j|^2 + width^2

Far away a cluster of sources counts as one at its centre c: with e_j = p_j - c, d = c - x and R of this d,

    u(x) = Q / R + N . d / R^3 + tr S / R^3 - 3 S(d, d) / R^5
    Q = sum q,   N = sum m - q e,   S = sum (m e' + e m') / 2 - q e e' / 2

which is u to second order in e for charges and to first for dipoles. Clusters are the nodes of the tree of
`numba_kdtree`; their moments are made from the leaves up, in O(N). A cluster is far from a group of queries where R,
from c to the nearest point of the box around the group, exceeds beta times the distance from c to the farthest corner
of the cluster's box: the wider the smoothing, the more is far.

A group's sources, near and far, are gathered first, and every query of it then sums them in one loop without a branch.
Nothing is shared between tasks, so the result does not depend on the number of threads.

Source: Barnes, Hut, Nature 1986, with higher moments; Barill, Dickson, Schmidt, Levin, Jacobson, "Fast winding numbers
for soups and clouds", SIGGRAPH 2018, for winding numbers.
"""

import math
from typing import NamedTuple

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import Tree, build_tree

LEAF = 16
"""Largest number of sources in a leaf."""

GROUP = 16
"""Queries that share one walk through the tree."""

CHUNK = 64
"""Groups that a task answers."""

NEAR, FAR = 1024, 512
"""Sources, and clusters, that are gathered before they are summed."""

FAST = {"reassoc", "contract", "nsz"}


class Clusters(NamedTuple):
    """A tree over N places of sources, and how large its nodes are."""

    tree: Tree  # of one cloud
    centers: np.ndarray  # (2 L, 3) mean place by weight
    radii: np.ndarray  # (2 L,) squared distance from the center to the farthest corner of a node's box


def build_clusters(points: np.ndarray, weights: np.ndarray, threads: int | None = None) -> Clusters:
    """Clusters of (N, 3) finite points, N >= 1, whose centers are means by the (N,) weights >= 0, of the same dtype."""
    tree = build_tree(np.ascontiguousarray(points)[None], threads, LEAF)
    nodes = len(tree.boxes[0])
    clusters = Clusters(tree, np.zeros((nodes, 3), points.dtype), np.zeros(nodes, points.dtype))
    _place_centers(tree.points[0], weights[tree.index[0]], tree.boxes[0], clusters.centers, clusters.radii)
    return clusters


@compiled
def _place_centers(points, weights, boxes, centers, radii) -> None:
    """Write the centers and radii of all nodes, from the leaves up; without weight, the middle of the box."""
    leaves, count = len(boxes) // 2, len(points)
    totals = np.zeros(2 * leaves)
    sums = np.zeros((2 * leaves, 3))
    for node in range(2 * leaves - 1, 0, -1):
        if node >= leaves:
            for i in range((node - leaves) * count // leaves, (node - leaves + 1) * count // leaves):
                totals[node] += weights[i]
                for axis in range(3):
                    sums[node, axis] += weights[i] * points[i, axis]
        else:
            totals[node] = totals[2 * node] + totals[2 * node + 1]
            for axis in range(3):
                sums[node, axis] = sums[2 * node, axis] + sums[2 * node + 1, axis]
        squared = 0.0
        for axis in range(3):
            low, high = boxes[node, axis], boxes[node, 3 + axis]
            middle = sums[node, axis] / totals[node] if totals[node] > 0 else (low + high) / 2
            centers[node, axis] = min(max(middle, low), high)
            squared += max(centers[node, axis] - low, high - centers[node, axis]) ** 2
        radii[node] = squared


@compiled
def cluster_moments(clusters, charges, dipoles) -> np.ndarray:
    """Moments (10, 2 L) of all nodes: Q; N; S as xx, yy, zz, xy, xz, yz; charges and dipoles in the tree's order."""
    points, centers = clusters.tree.points[0], clusters.centers
    leaves, count = len(centers) // 2, len(points)
    moments = np.zeros((10, 2 * leaves), points.dtype)
    m = np.zeros(10)
    for node in range(2 * leaves - 1, 0, -1):
        m[:] = 0
        if node >= leaves:
            for i in range((node - leaves) * count // leaves, (node - leaves + 1) * count // leaves):
                ex, ey, ez = (
                    points[i, 0] - centers[node, 0],
                    points[i, 1] - centers[node, 1],
                    points[i, 2] - centers[node, 2],
                )
                _shift(m, ex, ey, ez, charges[i], dipoles[i, 0], dipoles[i, 1], dipoles[i, 2])
        else:
            for child in range(2 * node, 2 * node + 2):
                ex, ey, ez = (
                    centers[child, 0] - centers[node, 0],
                    centers[child, 1] - centers[node, 1],
                    centers[child, 2] - centers[node, 2],
                )
                _shift(m, ex, ey, ez, moments[0, child], moments[1, child], moments[2, child], moments[3, child])
                for term in range(4, 10):
                    m[term] += moments[term, child]
        for term in range(10):
            moments[term, node] = m[term]
    return moments


@compiled
def _shift(m, x, y, z, q, nx, ny, nz) -> None:
    """Add a charge and a dipole at e = (x, y, z) from the center."""
    m[0] += q
    m[1] += nx - q * x
    m[2] += ny - q * y
    m[3] += nz - q * z
    m[4] += nx * x - q * x * x / 2
    m[5] += ny * y - q * y * y / 2
    m[6] += nz * z - q * z * z / 2
    m[7] += (nx * y + ny * x - q * x * y) / 2
    m[8] += (nx * z + nz * x - q * x * z) / 2
    m[9] += (ny * z + nz * y - q * y * z) / 2


@compiled(fastmath=FAST, error_model="numpy")
def _sum_near(near, count, width, one, x, y, z) -> tuple:
    """u and its gradient at a query from the sources gathered."""
    zero, three = one - one, one + one + one
    u, gx, gy, gz = zero, zero, zero, zero
    for i in range(count):
        dx, dy, dz = near[0, i] - x, near[1, i] - y, near[2, i] - z
        q, mx, my, mz = near[3, i], near[4, i], near[5, i], near[6, i]
        inverse = one / (dx * dx + dy * dy + dz * dz + width)
        first = math.sqrt(inverse)
        third = first * inverse
        along = mx * dx + my * dy + mz * dz
        u += q * first + along * third
        pull = (q + three * along * inverse) * third
        gx += dx * pull - mx * third
        gy += dy * pull - my * third
        gz += dz * pull - mz * third
    return u, gx, gy, gz


@compiled(fastmath=FAST, error_model="numpy")
def _sum_far(far, count, width, one, x, y, z) -> tuple:
    """u and its gradient at a query from the clusters gathered."""
    zero, two = one - one, one + one
    three = two + one
    five = three + two
    u, gx, gy, gz = zero, zero, zero, zero
    for i in range(count):
        dx, dy, dz = far[0, i] - x, far[1, i] - y, far[2, i] - z
        inverse = one / (dx * dx + dy * dy + dz * dz + width)
        first = math.sqrt(inverse)
        third = first * inverse
        sx = far[7, i] * dx + far[10, i] * dy + far[11, i] * dz
        sy = far[10, i] * dx + far[8, i] * dy + far[12, i] * dz
        sz = far[11, i] * dx + far[12, i] * dy + far[9, i] * dz
        square = three * (sx * dx + sy * dy + sz * dz) * inverse
        linear = far[4, i] * dx + far[5, i] * dy + far[6, i] * dz + far[7, i] + far[8, i] + far[9, i]
        u += far[3, i] * first + (linear - square) * third
        pull = (far[3, i] + (three * linear - five * square) * inverse) * third
        six = (three + three) * inverse
        gx += dx * pull - (far[4, i] - six * sx) * third
        gy += dy * pull - (far[5, i] - six * sy) * third
        gz += dz * pull - (far[6, i] - six * sz) * third
    return u, gx, gy, gz


@compiled
def _flush(near, near_count, far, far_count, width, queries, group, values) -> None:
    """Add what was gathered to the values of a group."""
    one = width - width + near.dtype.type(1)
    for i in group:
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        u, gx, gy, gz = _sum_near(near, near_count, width, one, x, y, z)
        v, hx, hy, hz = _sum_far(far, far_count, width, one, x, y, z)
        values[i, 0] += u + v
        values[i, 1] += gx + hx
        values[i, 2] += gy + hy
        values[i, 3] += gz + hz


@compiled
def _query_group(
    points, centers, radii, moments, charges, dipoles, width, beta, queries, group, near, far, values
) -> None:
    """Walk the tree once for a group of queries, in preorder without a stack.

    After node i and all below it comes (i + 1) without its trailing zero bits; that is 1, the root, at the end.
    """
    leaves, count = len(centers) // 2, len(points)
    lx = hx = queries[group[0], 0]
    ly = hy = queries[group[0], 1]
    lz = hz = queries[group[0], 2]
    for i in group:
        lx, hx = min(lx, queries[i, 0]), max(hx, queries[i, 0])
        ly, hy = min(ly, queries[i, 1]), max(hy, queries[i, 1])
        lz, hz = min(lz, queries[i, 2]), max(hz, queries[i, 2])
        values[i, :] = 0
    zero = width - width
    near_count, far_count, node = 0, 0, 1
    while True:
        cx, cy, cz = centers[node, 0], centers[node, 1], centers[node, 2]
        dx, dy, dz = (
            max(max(lx - cx, cx - hx), zero),
            max(max(ly - cy, cy - hy), zero),
            max(max(lz - cz, cz - hz), zero),
        )
        if dx * dx + dy * dy + dz * dz + width > beta * radii[node]:
            if far_count == far.shape[1]:
                _flush(near, near_count, far, far_count, width, queries, group, values)
                near_count, far_count = 0, 0
            far[0, far_count], far[1, far_count], far[2, far_count] = cx, cy, cz
            for term in range(10):
                far[3 + term, far_count] = moments[term, node]
            far_count += 1
        elif node < leaves:
            node *= 2
            continue
        else:
            first, last = (node - leaves) * count // leaves, (node - leaves + 1) * count // leaves
            if near_count + last - first > near.shape[1]:
                _flush(near, near_count, far, far_count, width, queries, group, values)
                near_count, far_count = 0, 0
            for i in range(first, last):
                for axis in range(3):
                    near[axis, near_count] = points[i, axis]
                    near[4 + axis, near_count] = dipoles[i, axis]
                near[3, near_count] = charges[i]
                near_count += 1
        node += 1
        while node & 1 == 0:
            node >>= 1
        if node == 1:
            _flush(near, near_count, far, far_count, width, queries, group, values)
            return


@compiled
def query_dipoles(task, clusters, moments, charges, dipoles, width, beta, queries, order, values) -> None:
    """One task, of ``CHUNK`` groups.

    Args:
        task: Which part of ``order`` to answer.
        clusters: Made by `build_clusters`.
        moments: Made by `cluster_moments`.
        charges: (N,) in the tree's order.
        dipoles: (N, 3) in the tree's order.
        width: Square of the smoothing width, a scalar of the points' dtype.
        beta: Square of how many radii away a cluster is far, of this dtype; infinity sums every source.
        queries: (M, 3) finite.
        order: (M,) the queries along a curve.
        values: (M, 4), receives u and its gradient.
    """
    points = clusters.tree.points[0]
    near, far = np.empty((7, NEAR), points.dtype), np.empty((13, FAR), points.dtype)
    for first in range(task * CHUNK * GROUP, min(len(order), (task + 1) * CHUNK * GROUP), GROUP):
        group = order[first : first + GROUP]
        _query_group(
            points,
            clusters.centers,
            clusters.radii,
            moments,
            charges,
            dipoles,
            width,
            beta,
            queries,
            group,
            near,
            far,
            values,
        )

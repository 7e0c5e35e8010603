"""The triangle nearest to a point, exactly, on the CPU: a balanced tree of bounding boxes over the triangles of a mesh.

The tree is the k-d tree over the triangles' centres (`numba_kdtree`: one permutation, boxes in heap order, no
pointers), its boxes widened to hold whole triangles. A search starts from the triangle that was nearest to the query
before (queries come in Morton order, so it is often the answer), walks to the nearer child first and drops a box
farther than the best triangle so far. Ties fall to the lowest index.

The distance to a triangle is that to its plane if the foot of the perpendicular lies inside, else the least of the
distances to the sides beyond which it lies. A triangle too thin for a plane, down to a segment or a point, takes the
least of all. Everything is float64.

Source: Ericson, Real-Time Collision Detection, 2005, sections 5.1.5 and 6.2.
"""

from typing import NamedTuple

import numpy as np

from diffshape.kernels.compiled import compiled
from diffshape.kernels.numba_kdtree import box_distance, build_tree

LEAF = 4
"""Largest number of triangles in a leaf."""

CHUNK = 2048
"""Queries a task answers."""

THIN = 1e-20
"""Squared sine of an angle below which a triangle's plane is not trusted alone."""


class Bvh(NamedTuple):
    """A tree over F triangles."""

    triangles: np.ndarray  # (F, 3, 3) permuted, float64
    index: np.ndarray  # (F,) int32, the place of each triangle in the mesh given
    boxes: np.ndarray  # (2 L, 6) smallest then largest corner of each node, L leaves
    lowest: np.ndarray  # (2 L,) int32, lowest index under each node


def build_bvh(triangles: np.ndarray) -> Bvh:
    """A tree over (F, 3, 3) finite float64 triangles, F >= 1."""
    centers = triangles.mean(axis=1)
    tree = build_tree(centers[None], threads=1, leaf=LEAF)
    bvh = Bvh(triangles[tree.index[0]], tree.index[0], tree.boxes[0], tree.lowest[0])
    _widen(bvh.triangles, bvh.boxes)
    return bvh


@compiled
def _widen(triangles, boxes) -> None:
    """Make every node's box hold its triangles, from the leaves up."""
    leaves, count = len(boxes) // 2, len(triangles)
    for node in range(leaves, 2 * leaves):
        place = node - leaves
        for i in range(place * count // leaves, (place + 1) * count // leaves):
            for axis in range(3):
                for corner in range(3):
                    value = triangles[i, corner, axis]
                    boxes[node, axis] = min(boxes[node, axis], value)
                    boxes[node, 3 + axis] = max(boxes[node, 3 + axis], value)
    for node in range(leaves - 1, 0, -1):
        for axis in range(3):
            boxes[node, axis] = min(boxes[2 * node, axis], boxes[2 * node + 1, axis])
            boxes[node, 3 + axis] = max(boxes[2 * node, 3 + axis], boxes[2 * node + 1, 3 + axis])


@compiled
def _segment_distance(rx, ry, rz, ex, ey, ez) -> float:
    """Squared distance of r to the segment from the origin to e, which may be a point."""
    along, whole = rx * ex + ry * ey + rz * ez, ex * ex + ey * ey + ez * ez
    share = 0.0 if along <= 0 else (1.0 if along >= whole else along / whole)
    dx, dy, dz = rx - share * ex, ry - share * ey, rz - share * ez
    return dx * dx + dy * dy + dz * dz


@compiled
def triangle_distance(triangles, i, x, y, z) -> float:
    """Squared distance of a point to triangle i, whatever its shape."""
    ax, ay, az = triangles[i, 0, 0], triangles[i, 0, 1], triangles[i, 0, 2]
    bx, by, bz = triangles[i, 1, 0] - ax, triangles[i, 1, 1] - ay, triangles[i, 1, 2] - az
    cx, cy, cz = triangles[i, 2, 0] - ax, triangles[i, 2, 1] - ay, triangles[i, 2, 2] - az
    rx, ry, rz = x - ax, y - ay, z - az
    nx, ny, nz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
    whole = nx * nx + ny * ny + nz * nz
    to_b = (ry * cz - rz * cy) * nx + (rz * cx - rx * cz) * ny + (rx * cy - ry * cx) * nz
    to_c = (by * rz - bz * ry) * nx + (bz * rx - bx * rz) * ny + (bx * ry - by * rx) * nz
    thick = whole > THIN * (bx * bx + by * by + bz * bz) * (cx * cx + cy * cy + cz * cz)
    best = np.inf
    if whole > 0 and to_b >= 0 and to_c >= 0 and to_b + to_c <= whole:
        u, v = to_b / whole, to_c / whole
        dx, dy, dz = rx - u * bx - v * cx, ry - u * by - v * cy, rz - u * bz - v * cz
        best = dx * dx + dy * dy + dz * dz
        if thick:
            return best
    if not thick or to_c < 0:
        best = min(best, _segment_distance(rx, ry, rz, bx, by, bz))
    if not thick or to_b < 0:
        best = min(best, _segment_distance(rx, ry, rz, cx, cy, cz))
    if not thick or to_b + to_c > whole:
        best = min(best, _segment_distance(rx - bx, ry - by, rz - bz, cx - bx, cy - by, cz - bz))
    return best


@compiled
def _search(triangles, index, boxes, lowest, x, y, z, guess, stack, stack_distances) -> tuple[int, float]:
    """The place in the tree of the triangle nearest to one query, from a guess on, and its squared distance."""
    leaves, count = len(boxes) // 2, len(triangles)
    best_place, best, best_index = guess, triangle_distance(triangles, guess, x, y, z), index[guess]
    node, height = 1, 0
    while True:
        while node < leaves:
            node *= 2
            other = node + 1
            near, far = box_distance(boxes, node, x, y, z), box_distance(boxes, other, x, y, z)
            if far < near or (far == near and lowest[other] < lowest[node]):
                node, other, near, far = other, node, far, near
            if far < best or (far == best and lowest[other] < best_index):
                stack[height], stack_distances[height] = other, far
                height += 1
            if near > best or (near == best and lowest[node] >= best_index):
                node = 0
                break
        if node:
            place = node - leaves
            for i in range(place * count // leaves, (place + 1) * count // leaves):
                distance = triangle_distance(triangles, i, x, y, z)
                if distance < best or (distance == best and index[i] < best_index):
                    best_place, best, best_index = i, distance, index[i]
        while True:
            if height == 0:
                return best_place, best
            height -= 1
            node, near = stack[height], stack_distances[height]
            if near < best or (near == best and lowest[node] < best_index):
                break


@compiled
def query_bvh(task, bvh, queries, order, distances, indices) -> None:
    """One task, of ``CHUNK`` queries.

    Args:
        task: Which part of ``order`` to answer.
        bvh: Made by `build_bvh`.
        queries: (N, 3) finite, float64.
        order: (N,) the queries along a Morton curve.
        distances: (N,) float64, receives squared distances.
        indices: (N,) int64, receives the triangles nearest to the queries, by their place in the mesh given.
    """
    depth = 1
    while 1 << depth < len(bvh.boxes):
        depth += 1
    stack, stack_distances = np.empty(depth, np.int64), np.empty(depth, np.float64)
    place = 0
    for i in order[task * CHUNK : (task + 1) * CHUNK]:
        x, y, z = queries[i, 0], queries[i, 1], queries[i, 2]
        place, distances[i] = _search(
            bvh.triangles, bvh.index, bvh.boxes, bvh.lowest, x, y, z, place, stack, stack_distances
        )
        indices[i] = bvh.index[place]

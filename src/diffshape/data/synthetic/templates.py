"""Closed meshes to deform: a sphere, a torus and a box, of any fineness.

Each is watertight, every edge with exactly two faces that run along it in opposite ways, facing outward, with no
vertex twice and none unused; centred at the origin, and 1 along its longest side unless asked otherwise. The same
arguments give the same vertices and faces in the same order.
"""

import math

import numpy as np
from numpy.typing import NDArray

from diffshape._arguments import checked
from diffshape._bounds import check_fits, check_number, check_side, check_whole, free_memory
from diffshape.data.meshes import Mesh

_BYTES = 1000
"""Memory in bytes for each vertex while a mesh is made."""


@checked
def icosphere(subdivisions: int = 3, *, radius: float = 0.5) -> Mesh:
    """A sphere of nearly equal triangles: an icosahedron, each face cut in four, again and again.

    Args:
        subdivisions: Number n >= 0 of times that every face is cut in four: 10 * 4^n + 2 vertices, 20 * 4^n faces
            (3: 642 and 1280).
        radius: Distance of every vertex from the origin, positive.

    Raises:
        ValueError: an argument is out of range.

    >>> sphere = icosphere(1)
    >>> len(sphere.vertices), len(sphere.faces)
    (42, 80)
    """
    check_subdivisions("icosphere", subdivisions)
    _require_positive("icosphere", radius=radius)
    vertices, faces = _icosahedron()
    for _ in range(subdivisions):
        vertices, faces = _cut_in_four(vertices, faces)
        vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    return Mesh(radius * vertices, faces)


@checked
def torus_mesh(
    ring_segments: int = 48, tube_segments: int = 24, *, ring_radius: float = 0.35, tube_radius: float = 0.15
) -> Mesh:
    """A torus around the z axis: m = ``ring_segments`` around the hole, n = ``tube_segments`` around the tube.

    Args:
        ring_segments: m >= 3; m n vertices, 2 m n faces.
        tube_segments: n >= 3.
        ring_radius: Distance from the axis to the middle of the tube.
        tube_radius: Radius of the tube, positive, below ``ring_radius``.

    Raises:
        ValueError: an argument is out of range.

    >>> torus = torus_mesh(6, 4)
    >>> len(torus.vertices), len(torus.faces)
    (24, 48)
    """
    check_fits("torus_mesh: ring_segments", ring_segments, 3 * _BYTES, 3)
    check_fits("torus_mesh: tube_segments", tube_segments, ring_segments * _BYTES, 3)
    _require_positive("torus_mesh", tube_radius=tube_radius)
    _require_positive("torus_mesh", ring_radius=ring_radius)
    if not ring_radius > tube_radius:
        raise ValueError(f"torus_mesh: ring_radius must exceed tube_radius {tube_radius}, got {ring_radius}")
    i, j = np.indices((ring_segments, tube_segments)).reshape(2, -1)
    around, tube = 2 * np.pi * i / ring_segments, 2 * np.pi * j / tube_segments
    reach = ring_radius + tube_radius * np.cos(tube)
    vertices = np.stack([reach * np.cos(around), reach * np.sin(around), tube_radius * np.sin(tube)], axis=1)

    def number(i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.int64]:
        return i % ring_segments * tube_segments + j % tube_segments

    return Mesh(vertices, _halves(number(i, j), number(i + 1, j), number(i + 1, j + 1), number(i, j + 1)))


@checked
def box_mesh(segments: int = 8, *, sides: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Mesh:
    """A box whose six sides are grids of ``segments`` x ``segments`` rectangles, each cut in two.

    Args:
        segments: n >= 1; 6 n^2 + 2 vertices, 12 n^2 faces.
        sides: Lengths along x, y and z, positive.

    Raises:
        ValueError: an argument is out of range.

    >>> box = box_mesh(2)
    >>> len(box.vertices), len(box.faces)
    (26, 48)
    """
    check_side("box_mesh: segments", segments, 6 * _BYTES)
    if not all(0 < side < math.inf for side in sides):
        raise ValueError(f"box_mesh: sides must be three positive lengths, got {sides}")
    i, j = np.indices((segments, segments)).reshape(2, -1)
    quads = [
        _on_side(axis, top, np.stack([i, j]), segments) for axis in range(3) for top in (False, True)
    ]  # each (4, n^2, 3): lattice corners, counter-clockwise seen from outside
    corners = np.concatenate(quads, axis=1)
    lattice, numbers = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    vertices = (lattice / segments - 0.5) * np.asarray(sides, np.float64)
    return Mesh(vertices, _halves(*numbers.reshape(4, -1)))


def _icosahedron() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Unit vertices (12, 3): two poles and two rings of five, the lower one turned by half a step; faces (20, 3)."""
    step = 2 * np.pi * np.arange(5) / 5
    height = 1 / np.sqrt(5)
    rings = [
        np.stack([2 * height * np.cos(step + turn), 2 * height * np.sin(step + turn), np.full(5, z)], axis=1)
        for turn, z in ((0.0, height), (np.pi / 5, -height))
    ]
    upper, lower = np.arange(1, 6), np.arange(6, 11)
    upper_next, lower_next = np.roll(upper, -1), np.roll(lower, -1)
    faces = [
        np.stack([np.zeros(5, int), upper, upper_next], axis=1),
        np.stack([upper, lower, upper_next], axis=1),
        np.stack([upper_next, lower, lower_next], axis=1),
        np.stack([lower, np.full(5, 11), lower_next], axis=1),
    ]
    return np.concatenate([[[0.0, 0.0, 1.0]], *rings, [[0.0, 0.0, -1.0]]]), np.concatenate(faces)


def _cut_in_four(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every triangle into four by the middles of its sides, which are new vertices, one an edge."""
    sides = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, numbers = np.unique(sides, axis=0, return_inverse=True)
    a, b, c = faces.T
    ab, bc, ca = len(vertices) + numbers.reshape(3, -1)
    quarters = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    cut = np.stack([np.stack(quarter, axis=1) for quarter in quarters], axis=1)
    return np.concatenate([vertices, vertices[edges].mean(axis=1)]), cut.reshape(-1, 3)


def _on_side(axis: int, top: bool, cells: NDArray[np.int64], segments: int) -> NDArray[np.int64]:
    """The corners (4, K, 3) of cells (2, K) of one side of a cube of lattice points, turned outward."""
    turns = [(0, 0), (1, 0), (1, 1), (0, 1)] if top else [(0, 0), (0, 1), (1, 1), (1, 0)]
    corners = np.empty((4, cells.shape[1], 3), np.int64)
    for corner, turn in zip(corners, turns):
        corner[:, axis] = segments if top else 0
        for offset, along, shift in zip((1, 2), cells, turn):
            corner[:, (axis + offset) % 3] = along + shift
    return corners


def _halves(
    a: NDArray[np.int64], b: NDArray[np.int64], c: NDArray[np.int64], d: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Each quad a b c d as the two triangles a b c and a c d."""
    return np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3)


def _require_positive(function: str, **lengths: float) -> None:
    for name, length in lengths.items():
        check_number(f"{function}: {name}", length, 0, above=True)


def check_subdivisions(function: str, subdivisions: int, *, copies: int = 1) -> None:
    """Refuse more subdivisions of an icosphere than fit into the free memory.

    Raises:
        ValueError: ``subdivisions`` is negative or too large.
    """
    most = int(math.log(max(free_memory() / (10 * _BYTES * max(copies, 1)), 4), 4))
    check_whole(f"{function}: subdivisions", subdivisions, 0, most)

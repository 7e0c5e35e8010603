"""Solids as functions of space: primitives with exact signed distances, and their combinations.

A solid f maps points (..., 3) to values (...): negative inside, zero on the surface, positive outside, in the unit of
the points. Primitives are exact signed distances, but for ``ellipsoid`` and ``chamfered_box``, which are exact on the
surface and never more than the distance. Centers, half sides and profiles may be arrays for many solids at once, which
broadcast against the points: half sides (S, 1, 3) for points (S, N, 3). Every combination here keeps
|f(p) - f(q)| <= |p - q|, and its zero set is exactly the surface of the combined solid; away from the surface, |f| may
be less than the distance. Near the surface |grad f| = 1, except of an ellipsoid and within the fillets of
``smooth_union``, where it is less.

Source: J. C. Hart, "Sphere tracing", The Visual Computer 1996 (distances of primitives, min and max); I. Quilez,
"Smooth minimum", 2013 (the quadratic fillet).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Solid = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def sphere(center: ArrayLike, radius: float) -> Solid:
    """|p - center| - radius.

    >>> sphere((0, 0, 0), 1.0)(np.array([[0.0, 0.0, 3.0]]))
    array([2.])
    """
    middle = np.asarray(center, np.float64)
    return lambda points: _length(points - middle) - radius


def box(center: ArrayLike, half_sides: ArrayLike) -> Solid:
    """An axis-aligned box with sharp edges: |max(q, 0)| + min(max_i q_i, 0), q = |p - center| - half_sides."""
    middle, half = np.asarray(center, np.float64), np.asarray(half_sides, np.float64)

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        q = np.abs(points - middle) - half
        return _length(np.maximum(q, 0)) + np.minimum(q.max(axis=-1), 0)

    return distance


def torus(center: ArrayLike, axis: ArrayLike, ring: float, tube: float) -> Solid:
    """A ring of radius ``ring`` around ``axis``, ``tube`` thick: |(radial - ring, axial)| - tube."""
    middle, direction = np.asarray(center, np.float64), _unit(axis)

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        axial, radial = _cylindrical(points - middle, direction)
        return np.hypot(radial - ring, axial) - tube

    return distance


def capsule(start: ArrayLike, end: ArrayLike, radius: float, end_radius: float | None = None) -> Solid:
    """The convex hull of two balls: a rod with round ends, tapered if ``end_radius`` differs from ``radius``.

    In the half plane (axial, radial), the slope touches both balls along the line with normal n = (s, c),
    s = (r - r_end) / length.
    """
    foot, head = np.asarray(start, np.float64), np.asarray(end, np.float64)
    direction, length = _unit(head - foot), float(_length(head - foot))
    end_radius = radius if end_radius is None else end_radius
    if length <= abs(radius - end_radius):
        raise ValueError("capsule: one end lies within the other; use a sphere")
    s = (radius - end_radius) / length
    c = np.sqrt(1 - s**2)

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        axial, radial = _cylindrical(points - foot, direction)
        along = c * axial - s * radial  # 0 where the slope leaves the first ball, c * length where it meets the other
        slope = s * axial + c * radial - radius
        first, last = np.hypot(axial, radial) - radius, np.hypot(axial - length, radial) - end_radius
        return np.where(along < 0, first, np.where(along > c * length, last, slope))

    return distance


def cylinder(start: ArrayLike, end: ArrayLike, radius: float) -> Solid:
    """A rod from ``start`` to ``end`` with flat ends and sharp rims."""
    foot, head = np.asarray(start, np.float64), np.asarray(end, np.float64)
    direction, half = _unit(head - foot), float(_length(head - foot)) / 2

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        axial, radial = _cylindrical(points - (foot + head) / 2, direction)
        beside, above = radial - radius, np.abs(axial) - half
        return np.hypot(np.maximum(beside, 0), np.maximum(above, 0)) + np.minimum(np.maximum(beside, above), 0)

    return distance


def ellipsoid(center: ArrayLike, half_axes: ArrayLike) -> Solid:
    """An axis-aligned ellipsoid: (|(p - center) / half_axes| - 1) min(half_axes), not the distance."""
    middle, half = np.asarray(center, np.float64), np.asarray(half_axes, np.float64)
    return lambda points: (_length((points - middle) / half) - 1) * half.min(axis=-1)


def chamfered_box(center: ArrayLike, half_sides: ArrayLike, chamfer: float) -> Solid:
    """A box whose edges are cut off at 45 degrees, ``chamfer`` from each edge on both its faces; not the distance.

    The largest of (q_1 - c), (q_1 + q_2 - c) / sqrt(2), (q_1 + q_2 + q_3 - c) / sqrt(3), where c is the chamfer and
    q_1 >= q_2 >= q_3 are |p - center| - half_sides + c in order of size: faces, cut edges, cut corners.
    """
    middle, half = np.asarray(center, np.float64), np.asarray(half_sides, np.float64) - chamfer

    def signed(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y, z = np.moveaxis(np.abs(points - middle) - half, -1, 0)
        largest, smallest, total = np.maximum(np.maximum(x, y), z), np.minimum(np.minimum(x, y), z), x + y + z
        cut_edge, cut_corner = (total - smallest - chamfer) / np.sqrt(2), (total - chamfer) / np.sqrt(3)
        return np.maximum(np.maximum(largest - chamfer, cut_edge), cut_corner)

    return signed


def revolution(profile: ArrayLike, rounding: float = 0.0) -> Solid:
    """A convex polygon turned about the z axis, grown by ``rounding``: signed distance to it in the half plane.

    Args:
        profile: Corners (K, 2) as (distance from the axis, height), counter-clockwise; one corner is a point (a ball on
            the axis, else a torus), two are a segment (a capsule on the axis). Shape (K, 2, S, 1) for S solids.
        rounding: Distance by which the polygon is grown on all sides, which makes edges round.
    """
    corners = np.asarray(profile, np.float64)
    edges = [
        (start, end - start)
        for start, end in zip(corners, np.roll(corners, -1, axis=0))
        if len(corners) < 3 or np.any(start[0] > 0) or np.any(end[0] > 0)  # what lies on the axis is no surface
    ]

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        radial, height = np.hypot(points[..., 0], points[..., 1]), points[..., 2]
        nearest, inside = np.full(radial.shape, np.inf), np.full(radial.shape, len(corners) > 2)
        for start, (along_r, along_z) in edges:
            r, z = radial - start[0], height - start[1]
            share = (r * along_r + z * along_z) / np.maximum(along_r**2 + along_z**2, 1e-300)
            share = share.clip(0, 1)
            nearest = np.minimum(nearest, (r - share * along_r) ** 2 + (z - share * along_z) ** 2)
            inside &= along_r * z > along_z * r
        return np.where(inside, -1, 1) * np.sqrt(nearest) - rounding

    return distance


def union(*solids: Solid) -> Solid:
    """The union of solids: min f_i."""
    return lambda points: np.minimum.reduce([solid(points) for solid in solids])


def difference(solid: Solid, *cuts: Solid) -> Solid:
    """The difference, ``solid`` without ``cuts``: max(f, -g_i)."""
    return lambda points: np.maximum.reduce([solid(points), *(-cut(points) for cut in cuts)])


def smooth_union(fillet: float, *solids: Solid) -> Solid:
    """The union with its concave seams filled: min(a, b) - max(fillet - |a - b|, 0)^2 / (4 fillet), in turn.

    The gradient is a weighted mean of the two gradients, so its length never exceeds 1.
    """

    def distance(points: NDArray[np.float64]) -> NDArray[np.float64]:
        joined, *others = (solid(points) for solid in solids)
        for other in others:
            joined = np.minimum(joined, other) - np.maximum(fillet - np.abs(joined - other), 0) ** 2 / (4 * fillet)
        return joined

    return distance


def _length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.einsum("...i,...i->...", vectors, vectors))


def _unit(vector: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(vector, np.float64)
    return array / _length(array)


def _cylindrical(
    offsets: NDArray[np.float64], direction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinate along a unit direction, and distance from its line."""
    axial = offsets @ direction
    return axial, _length(offsets - axial[..., None] * direction)

"""Which points of a solid a scanner sees: denser here than there, from some directions only, not within holes.

A view looks at a point of the surface, at most 53 degrees off its normal, so that it sees something. What stands in
front is found on a grid of cells across the line of sight: a point is seen if nothing in its cell is nearer by more
than the depth that a surface of its slope has within one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffshape.data.synthetic.density import draw_density
from diffshape.data.synthetic.drawn.drawn_solid import DrawnSolid
from diffshape.data.synthetic.drawn.primitive import Numbers, Points

_GRAZING = 0.2
"""Least cosine between a normal and the direction to the scanner."""
_WANDER = 0.8
"""Sine of the largest angle between the direction to a scanner and the normal of the point it looks at."""
_SMALLEST_HOLE, _LARGEST_HOLE = 0.03, 0.15
_LEAST, _MOST = 100_000, 400_000
"""Points of one sample, of which those that are seen are kept."""
_LEAST_SHARE = 1e-3
"""Least share of the surface that must be in view."""


class ScannedSurface(NamedTuple):
    """Points that are seen, their normals and views; directions to the scanner of each view; holes."""

    points: Points
    normals: Points
    views: NDArray[np.int64]
    directions: Points
    holes: NDArray[np.float64]


def scanned_surface(
    solid: DrawnSolid, count: int, *, unevenness: float, views: int, holes: int, seed: np.random.SeedSequence
) -> ScannedSurface:
    """``count`` points of a solid as :func:`~diffshape.data.drawn_scan` says.

    Raises:
        ValueError: Next to nothing is seen.
    """
    generator = np.random.default_rng(seed)
    directions = _draw_directions(solid, views, generator)
    density = draw_density(np.zeros(3), generator)
    centers = solid.sample(holes, seed=_seed(generator))[0] if holes else np.empty((0, 3))
    balls = np.column_stack([centers, generator.uniform(_SMALLEST_HOLE, _LARGEST_HOLE, holes)])
    size = min(max(4 * count, _LEAST), _MOST) if views or holes or unevenness else count
    kept: list[tuple[Points, Points, NDArray[np.int64]]] = []
    peak = None
    while sum(len(rows) for rows, _, _ in kept) < count:
        points, normals = solid.sample(size, seed=_seed(generator))
        seen, view = _in_view(points, normals, directions, solid.is_open, generator)
        seen &= ~_within(balls, points)
        if seen.mean() < _LEAST_SHARE:
            raise ValueError(f"drawn_scan: holes must leave some of the surface in view, got {holes}")
        if unevenness:
            weight = density(points)
            peak = weight[seen].max() if peak is None else peak
            seen &= generator.random(len(points)) < np.exp(unevenness * (weight - peak))
        kept.append((points[seen], normals[seen], view[seen]))
    points, normals, view = (np.concatenate(each)[:count] for each in zip(*kept))
    return ScannedSurface(points, normals, view, directions, balls)


def _draw_directions(solid: DrawnSolid, views: int, generator: np.random.Generator) -> Points:
    """Unit vectors from the surface to the scanner of each view."""
    if not views:
        return np.empty((0, 3))
    offsets = generator.standard_normal((views, 3))
    offsets *= _WANDER / np.linalg.norm(offsets, axis=1, keepdims=True)
    normals = solid.sample(views, seed=_seed(generator))[1]
    if solid.is_open:
        normals *= generator.choice([-1.0, 1.0], (views, 1))
    return (normals + offsets) / np.linalg.norm(normals + offsets, axis=1, keepdims=True)


def _in_view(
    points: Points, normals: Points, directions: Points, both_sides: bool, generator: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether any view sees each point, and one of those that do, at random; without views, all and 0."""
    if not len(directions):
        return np.ones(len(points), bool), np.zeros(len(points), np.int64)
    visible = np.stack([_visible(points, normals, one, both_sides) for one in directions])
    return np.logical_or.reduce(visible), (visible * generator.random(visible.shape)).argmax(axis=0)


def _within(balls: NDArray[np.float64], points: Points) -> NDArray[np.bool_]:
    """Whether points are in any of the balls, rows of centre and radius."""
    inside = np.zeros(len(points), bool)
    for *center, radius in balls:
        inside |= ((points - center) ** 2).sum(axis=1) <= radius**2
    return inside


def _visible(points: Points, normals: Points, direction: Points, both_sides: bool) -> NDArray[np.bool_]:
    """Whether points face a direction, with nothing in front of them; an open surface is seen from both sides."""
    facing = np.abs(normals @ direction) if both_sides else normals @ direction
    slope = np.sqrt(1 - facing.clip(_GRAZING, 1) ** 2) / facing.clip(_GRAZING, 1)
    foremost, cell = _foremost(points, direction)
    return (facing > _GRAZING) & (points @ direction > foremost - 1.5 * cell * (1 + slope))


def _foremost(points: Points, direction: Points) -> tuple[Numbers, float]:
    """Coordinate along a direction of the foremost point of each point's cell, and the side of cells."""
    basis = np.linalg.svd(direction[None])[2][1:]  # two unit vectors across
    cell = 4 / np.sqrt(len(points))  # several points a cell on a surface whose area is about that of its box
    across = np.floor((points @ basis.T + 1) / cell).astype(np.int64)
    row = int(np.ceil(2 / cell)) + 1
    flat = across[:, 0] * row + across[:, 1]
    foremost = np.full(row * row, -np.inf)
    np.maximum.at(foremost, flat, points @ direction)
    return foremost[flat], float(cell)


def _seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**63))

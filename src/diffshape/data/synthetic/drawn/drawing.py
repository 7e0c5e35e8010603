"""Solids drawn at random: what they are made of, how they are put together, their reliefs and their warp."""

import math

import numpy as np

from diffshape._arguments import checked
from diffshape._bounds import check_seed
from diffshape.data.frame import Frame
from diffshape.data.synthetic.drawn.beveled_box import BeveledBox
from diffshape.data.synthetic.drawn.deformation import Waves
from diffshape.data.synthetic.drawn.drawn_solid import DrawnSolid, deformed
from diffshape.data.synthetic.drawn.parts import Part, Rotation, visible_surface
from diffshape.data.synthetic.drawn.primitive import Points, Primitive, Row, row
from diffshape.data.synthetic.drawn.primitive_draws import (
    THINNEST,
    draw_box,
    draw_frustum,
    draw_primitive,
    log_uniform,
)
from diffshape.data.synthetic.drawn.relief_draws import draw_reliefs
from diffshape.data.synthetic.drawn.revolved import Revolved
from diffshape.data.synthetic.drawn.sheet import Sheet

DRAWING_VERSION = 1
"""Version of the drawing: it grows whenever a seed gives another solid or other points."""
_PILOT = 16_384
"""Points tried on a new solid, for its size and for how areas grow."""
_LEAST = 0.15
"""Least share of these that must be on its surface."""
_MARGIN = 1.03
"""Ratio of the longest side to that of the points tried, which miss the outermost."""
_GROWTH_MARGIN = 1.1


@checked
def drawn_solid(seed: int = 0) -> DrawnSolid:
    """A solid drawn at random: the same for the same seed and ``DRAWING_VERSION``.

    One to eight primitives (boxes, plates, ellipsoids, cylinders and cones, tubes, tori, capsules; sizes log-uniform
    down to 0.02 of the longest side; edges sharp, round or chamfered) are united or cut away, all along the axes in
    half of the solids. One in ten is hollowed out to a cup, one in eight is an open surface. Two thirds are warped,
    half get reliefs: waves, or strokes like letters.

    Args:
        seed: Seed of everything that is drawn.

    Returns:
        The solid, which :meth:`~diffshape.data.DrawnSolid.sample` gives points of, centred at 0 in the cube of side 1.

    Raises:
        TypeError: ``seed`` is no whole number.
        ValueError: ``seed`` is negative or 2^64 or more.

    >>> solid = drawn_solid(5)
    >>> solid == drawn_solid(5), 1 <= len(solid.parts) <= 8
    (True, True)
    """
    check_seed("drawn_solid: seed", seed)
    generator = np.random.default_rng([DRAWING_VERSION, seed])
    while (solid := _draw(generator)) is None:
        pass
    return solid


def _draw(generator: np.random.Generator) -> DrawnSolid | None:
    """A solid, or None where cuts have left next to nothing."""
    parts = _draw_parts(generator)
    surface = visible_surface(parts, _PILOT, generator)
    if len(surface.points) < _LEAST * _PILOT:
        return None
    size = float(np.ptp(surface.points, axis=0).max())
    reliefs = draw_reliefs(parts, int(generator.integers(1, 9)), generator) if generator.random() < 0.5 else ()
    flat = isinstance(parts[0].primitive, Sheet)
    warp = _draw_warp(size, flat, generator) if flat or generator.random() < 2 / 3 else Waves()
    points, _, growth = deformed(parts, reliefs, warp, surface)
    low, high = points.min(axis=0), points.max(axis=0)
    center, scale = (low + high) / 2, _MARGIN * float((high - low).max())
    largest = _GROWTH_MARGIN * float(growth.max()) if reliefs or warp.phases else 1.0
    return DrawnSolid(parts, reliefs, warp, Frame(row(center), scale), largest)


def _draw_parts(generator: np.random.Generator) -> tuple[Part, ...]:
    aligned, kind = generator.random() < 0.5, generator.random()
    least = 0.15 if generator.random() < 0.6 else THINNEST
    if kind < 0.06:
        a, b = generator.permutation([0.5, generator.uniform(0.15, 0.5)]).tolist()
        parts = [Part(Sheet((a, b), bool(generator.random() < 0.4)), operation="skin")]
    elif kind < 0.12:
        first = draw_primitive(0.5, least, generator)
        parts = [Part(first, rotation=_rotation(aligned, generator), operation="skin")]
        parts.append(_cut(parts, 0.5, aligned, generator))
    elif kind < 0.22:
        parts = _draw_cup(least, generator)
    else:
        parts = [Part(draw_primitive(0.5, least, generator), rotation=_rotation(aligned, generator))]
    number = int(generator.integers(1, 9))
    while len(parts) < number:
        if parts[0].operation == "skin" or generator.random() < 0.35:
            parts.append(_cut(parts, log_uniform(0.02, 0.25, generator), aligned, generator))
        else:
            part = draw_primitive(log_uniform(0.04, 0.5, generator), THINNEST, generator)
            parts.append(Part(part, _place(parts, generator), _rotation(aligned, generator)))
    return tuple(parts)


def _draw_cup(least: float, generator: np.random.Generator) -> list[Part]:
    """A box or a cylinder, and what hollows it out but for a wall."""
    outer = (draw_box if generator.random() < 0.5 else draw_frustum)(0.5, least, generator)
    if isinstance(outer, BeveledBox):
        wall = min(log_uniform(0.01, 0.06, generator), 0.4 * min(outer.half_sides))
        a, b, c = (side - wall for side in outer.half_sides)
        inner: Primitive = BeveledBox((a, b, c), outer.edge, max(outer.size - wall, 0.0))
    else:
        radius, half = np.max(outer.profile, axis=0).tolist()
        radius, half = radius + outer.rounding, half + outer.rounding
        outer = Revolved(((0.0, -half), (radius, -half), (radius, half), (0.0, half)))
        wall = min(log_uniform(0.01, 0.06, generator), 0.4 * radius, 0.4 * half)
        r, h = radius - wall, half - wall
        inner = Revolved(((0.0, -h), (r, -h), (r, h), (0.0, h)))
    return [Part(outer), Part(inner, (0.0, 0.0, 1.5 * wall), operation="cut")]


def _cut(parts: list[Part], longest: float, aligned: bool, generator: np.random.Generator) -> Part:
    shape = draw_primitive(longest, THINNEST, generator)
    return Part(shape, _place(parts, generator), _rotation(aligned, generator), "cut")


def _place(parts: list[Part], generator: np.random.Generator) -> Row:
    """A point of the surface so far, so that the next part meets it."""
    points = visible_surface(parts, 64, generator).points
    return row(points[0]) if len(points) else (0.0, 0.0, 0.0)


def _rotation(aligned: bool, generator: np.random.Generator) -> Rotation:
    """Any rotation, or one that takes the axes to one another."""
    if aligned:
        matrix = np.roll(np.eye(3), int(generator.integers(3)), axis=0)
    else:
        matrix, triangle = np.linalg.qr(generator.standard_normal((3, 3)))
        matrix = matrix * np.sign(np.diag(triangle))
        matrix[:, 0] *= np.linalg.det(matrix)
    return row(matrix[0]), row(matrix[1]), row(matrix[2])


def _draw_warp(size: float, flat: bool, generator: np.random.Generator) -> Waves:
    """One to four waves of 0.5 to 2.5 times the size; those of a sheet bend it upwards, which never folds it."""
    number = int(generator.integers(1, 5))
    frequencies, amplitudes = generator.standard_normal((2, number, 3))
    if flat:
        frequencies[:, 2], amplitudes[:, :2] = 0, 0
    frequencies *= 2 * math.pi / (size * generator.uniform(0.5, 2.5, (number, 1))) / _lengths(frequencies)
    steepness = generator.uniform(0.3, 1.5) if flat else generator.uniform(0.1, 0.6)
    amplitudes *= steepness / number / _lengths(frequencies) / _lengths(amplitudes)
    phases = generator.uniform(0, 2 * math.pi, number)
    return Waves(tuple(map(row, amplitudes)), tuple(map(row, frequencies)), tuple(phases.tolist()))


def _lengths(vectors: Points) -> Points:
    return np.linalg.norm(vectors, axis=1, keepdims=True)

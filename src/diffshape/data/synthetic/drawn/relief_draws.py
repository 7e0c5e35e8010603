"""Reliefs drawn at random where a surface has room for them: waves of any length, and rows of strokes like letters."""

import math
from collections.abc import Sequence

import numpy as np

from diffshape.data.synthetic.drawn.parts import Part, room, visible_surface
from diffshape.data.synthetic.drawn.primitive import Points, row
from diffshape.data.synthetic.drawn.primitive_draws import log_uniform
from diffshape.data.synthetic.drawn.relief import Relief, StrokeRelief, WaveRelief

_SMALLEST = 0.03
"""Least radius of a relief."""
_PILOT = 4000
"""Points tried to find out where there is room."""


def draw_reliefs(parts: Sequence[Part], most: int, generator: np.random.Generator) -> tuple[Relief, ...]:
    """At most so many reliefs in balls that do not meet, the roomiest places first."""
    surface = visible_surface(parts, _PILOT, generator)
    radius = room(parts, surface)
    reliefs: list[Relief] = []
    while len(reliefs) < most and len(radius) and radius.max() > _SMALLEST:
        best = int(radius.argmax())
        size, part = float(radius[best]), parts[surface.part[best]]
        center, normal = surface.points[best], surface.normals[best]
        distance = np.linalg.norm(surface.points - center, axis=1)
        near = (distance <= size) & (surface.part == surface.part[best])
        bend = np.abs(part.bend(surface.points[near], surface.normals[near])).max()
        deepest = 0.3 * min(part.primitive.thickness, 1 / max(2 * bend, 1e-9))
        letters = math.isfinite(size) and generator.random() < 0.4
        drawn = _strokes if letters else _waves
        reliefs.append(drawn(center, normal, size, deepest, generator))
        radius = np.minimum(radius, distance - size)
    return tuple(reliefs)


def _waves(center: Points, normal: Points, radius: float, deepest: float, generator: np.random.Generator) -> WaveRelief:
    """One to six waves of lengths around one that is log-uniform from 0.06 to 0.6, with slopes up to 0.5."""
    number, length = int(generator.integers(1, 7)), log_uniform(0.06, 0.6, generator)
    directions = generator.standard_normal((number, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = length * generator.uniform(0.7, 1.4, (number, 1))
    depth = min(generator.uniform(0.1, 0.5) * length / (2 * math.pi) * math.sqrt(number), deepest, radius / 6)
    frequencies = 2 * math.pi / lengths * directions
    phases = generator.uniform(0, 2 * math.pi, number)
    return WaveRelief(row(center), radius, depth, tuple(map(row, frequencies)), tuple(phases.tolist()))


def _strokes(
    center: Points, normal: Points, radius: float, deepest: float, generator: np.random.Generator
) -> StrokeRelief:
    """A row of two to five letters, each of two to four strokes between the nodes of a grid of 2 x 3."""
    across = np.cross(normal, generator.standard_normal(3))
    across /= np.linalg.norm(across)
    letters = int(generator.integers(2, 6))
    pitch = 1.3 * radius / letters
    height = min(1.3 * pitch, 0.8 * radius)
    strokes = []
    for letter in range(letters):
        left = (letter - letters / 2 + 0.2) * pitch
        for _ in range(generator.integers(2, 5)):
            start, end = generator.choice(6, 2, replace=False).tolist()
            ends = [(left + 0.6 * pitch * (node % 2), height * (node // 2 / 2 - 0.5)) for node in (start, end)]
            strokes.append((ends[0], ends[1]))
    width = generator.uniform(0.08, 0.16) * pitch
    depth = min(generator.uniform(0.3, 1.0) * width, deepest) * generator.choice([-1, 1])
    up = np.cross(normal, across)
    return StrokeRelief(row(center), radius, float(depth), row(across), row(up), float(width), tuple(strokes))

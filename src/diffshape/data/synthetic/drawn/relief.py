"""Reliefs: heights along the normal of a surface, around a point of it, waves or strokes as of letters.

A relief ends at a distance ``radius`` from its centre, before the first sharp edge, so that nothing tears: the height
is multiplied by (1 - (distance / radius)^4)^2.
"""

import math
from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Numbers, Points, Row

_Flat = tuple[float, float]


@dataclass(frozen=True)
class WaveRelief:
    """h = depth / M sum_i sin(frequency_i . x + phase_i), M waves, around ``center``; an infinite radius is all."""

    center: Row
    radius: float
    depth: float
    frequencies: tuple[Row, ...]
    phases: tuple[float, ...]

    def heights(self, points: Points) -> tuple[Numbers, Points]:
        """h and its gradient at points within ``radius``."""
        frequencies = np.array(self.frequencies)
        angles = points @ frequencies.T + np.array(self.phases)
        share = self.depth / len(self.phases)
        return _faded(self, points, share * np.sin(angles).sum(axis=1), share * np.cos(angles) @ frequencies)


@dataclass(frozen=True)
class StrokeRelief:
    """Strokes of ``width`` that stand out by ``depth`` (below 0: engraved), with flanks as wide as a stroke.

    ``strokes`` are pairs of ends (u, v) in the plane through ``center`` along ``across`` and ``up``, two orthogonal
    unit vectors. The height is depth (3 t^2 - 2 t^3), t = 3/2 - distance / width from the nearest, in [0, 1].
    """

    center: Row
    radius: float
    depth: float
    across: Row
    up: Row
    width: float
    strokes: tuple[tuple[_Flat, _Flat], ...]

    def heights(self, points: Points) -> tuple[Numbers, Points]:
        """h and its gradient at points within ``radius``."""
        axes = np.array([self.across, self.up])
        flat = (points - self.center) @ axes.T
        distance, away = np.full(len(flat), np.inf), np.zeros_like(flat)
        for start, end in np.array(self.strokes):
            side = end - start
            offset = flat - start
            offset -= ((offset @ side) / max(side @ side, 1e-300)).clip(0, 1)[:, None] * side
            length = np.linalg.norm(offset, axis=1)
            nearer = length < distance
            distance[nearer], away[nearer] = length[nearer], offset[nearer] / length[nearer, None].clip(min=1e-300)
        t = (1.5 - distance / self.width).clip(0, 1)
        slope = -6 * t * (1 - t) / self.width
        return _faded(self, points, self.depth * t**2 * (3 - 2 * t), self.depth * slope[:, None] * (away @ axes))


Relief = WaveRelief | StrokeRelief


def heights(reliefs: tuple[Relief, ...], points: Points) -> tuple[Numbers, Points]:
    """Sum of the heights of all reliefs, and its gradient."""
    total, slope = np.zeros(len(points)), np.zeros_like(points)
    for relief in reliefs:
        near = np.flatnonzero(((points - relief.center) ** 2).sum(axis=1) < relief.radius**2)
        height, gradient = relief.heights(points[near])
        total[near] += height
        slope[near] += gradient
    return total, slope


def _faded(relief: Relief, points: Points, height: Numbers, slope: Points) -> tuple[Numbers, Points]:
    """Height and gradient times the window of a relief."""
    if math.isinf(relief.radius):
        return height, slope
    offset = (points - relief.center) / relief.radius
    squared = (offset**2).sum(axis=1)
    left = 1 - squared**2
    turn = -8 * left * squared / relief.radius
    return left**2 * height, (left**2)[:, None] * slope + (height * turn)[:, None] * offset

"""Boxes with sharp, round or chamfered edges: the sum of a smaller box and a small ball or octahedron.

The surface falls into patches by the set S of axes along which a point is beyond the smaller box (half sides h): one
axis is a face, two an edge, three a corner. A point of a patch is

    sign_i (h_i + size d_i) for i in S, even in [-h_i, h_i] for the others,

where d is even on that part of the unit ball's surface (sum d_i^2 = 1: round) or the octahedron's (sum d_i = 1:
chamfered) whose components in S are positive. Its normal is sign d or sign / sqrt(|S|).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points, choose, outer
from diffshape.data.synthetic.solids import box, chamfered_box

Edge = Literal["round", "chamfered"]
_PATCHES = ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
_MEASURE: dict[Edge, tuple[float, float, float]] = {
    "round": (1.0, math.pi / 2, math.pi / 2),
    "chamfered": (1.0, math.sqrt(2), math.sqrt(3) / 2),
}
"""Length of a quarter of the circle or a side of the square, area of an eighth of the ball or the octahedron."""


@dataclass(frozen=True)
class BeveledBox:
    """Half sides of a box, and how its edges are: ``size`` 0 is sharp, else the radius or the width of the chamfer."""

    half_sides: tuple[float, float, float]
    edge: Edge = "round"
    size: float = 0.0

    @property
    def area(self) -> float:
        """Area of the surface."""
        return sum(self._areas())

    @property
    def thickness(self) -> float:
        """Half the smallest thickness."""
        return min(self.half_sides)

    def signed(self, points: Points) -> Numbers:
        """Negative inside, 0 on the surface."""
        if self.edge == "chamfered":
            return chamfered_box((0, 0, 0), self.half_sides, self.size)(points)
        return box((0, 0, 0), self._inner())(points) - self.size

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of constant density over the surface and their outward unit normals."""
        patches = [
            self._patch(axes, number, generator)
            for axes, number in zip(_PATCHES, choose(self._areas(), count, generator))
        ]
        points, normals = zip(*patches)
        return np.concatenate(points), np.concatenate(normals)

    def bend(self, points: Points, normals: Points) -> Matrices:
        """(P - n n^T) / radius, P the axes in which n is not 0; 0 without round edges."""
        if self.edge == "chamfered" or not self.size:
            return np.zeros((3, 3, len(points)))
        axes = np.eye(3)[:, :, None] * (np.abs(normals) > 1e-12).T
        return (axes - outer(normals, normals)) / self.size

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Of the faces; of chamfers it is 0."""
        if self.edge == "round" and self.size:
            return np.full(len(points), np.inf)
        facing = np.abs(normals) > 1 - 1e-9
        to_side = np.where(facing, np.inf, self._inner() - np.abs(points)).min(axis=1)
        return np.where(facing.any(axis=1), to_side, 0.0).clip(min=0)

    def _inner(self) -> Points:
        return np.array(self.half_sides) - self.size

    def _areas(self) -> list[float]:
        inner, measure = 2 * self._inner(), _MEASURE[self.edge]
        return [
            2 ** len(axes)
            * measure[len(axes) - 1]
            * self.size ** (len(axes) - 1)
            * float(np.prod([inner[axis] for axis in range(3) if axis not in axes]))
            for axes in _PATCHES
        ]

    def _patch(self, axes: tuple[int, ...], count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        points = generator.uniform(-1, 1, (count, 3)) * self._inner()
        normals = np.zeros((count, 3))
        signs = generator.choice([-1.0, 1.0], (count, len(axes)))
        if self.edge == "chamfered":
            offsets = generator.exponential(size=signs.shape)  # divided by their sum: even on the triangle
            offsets /= offsets.sum(axis=1, keepdims=True)
            normals[:, axes] = signs / math.sqrt(len(axes))
        else:
            offsets = np.abs(generator.standard_normal(signs.shape))
            offsets /= np.linalg.norm(offsets, axis=1, keepdims=True)
            normals[:, axes] = signs * offsets
        points[:, axes] = signs * (self._inner()[list(axes)] + self.size * offsets)
        return points, normals

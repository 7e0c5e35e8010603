"""Primitives put together: added, cut away, or only their skin; points on what is left of the surface of each.

A point on the surface of a part is on the surface of the whole if it is outside all that was there before (of a cut:
inside it) and outside everything that came later. No mesh is made, and edges are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points, Primitive, Row, choose

Operation = Literal["add", "cut", "skin"]
Rotation = tuple[Row, Row, Row]
"""Rows of a rotation matrix."""
UPRIGHT: Rotation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""The rotation by nothing."""


@dataclass(frozen=True)
class Part:
    """A primitive at ``rotation`` p + ``center``, and what it does to the parts before it.

    "add" unites it with them, "cut" takes it away from them, "skin" adds its surface alone, which has no inside.
    """

    primitive: Primitive
    center: Row = (0.0, 0.0, 0.0)
    rotation: Rotation = UPRIGHT
    operation: Operation = "add"

    def signed(self, points: Points) -> Numbers:
        """Negative inside the primitive, whatever it does; positive everywhere for a skin."""
        if self.operation == "skin":
            return np.full(len(points), np.inf)
        return self.primitive.signed(self.own(points))

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of the surface of the primitive; normals that leave the whole, so inwards for a cut."""
        points, normals = self.primitive.sample(count, generator)
        turn = np.array(self.rotation).T
        return points @ turn + self.center, self._side * (normals @ turn)

    def bend(self, points: Points, normals: Points) -> Matrices:
        """grad n of the normals that leave the whole."""
        turn = np.array(self.rotation)
        bend = self.primitive.bend(self.own(points), self._side * (normals @ turn))
        return self._side * np.einsum("ij,jkn,lk->iln", turn, bend, turn)

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Distance from the nearest sharp edge of the primitive."""
        return self.primitive.clearance(self.own(points), self._side * (normals @ np.array(self.rotation)))

    @property
    def _side(self) -> float:
        return -1.0 if self.operation == "cut" else 1.0

    def own(self, points: Points) -> Points:
        """Points in the coordinates of the primitive."""
        return (points - self.center) @ np.array(self.rotation)


class Surface(NamedTuple):
    """Points on the surface of a whole, their outward unit normals, and the index of the part of each."""

    points: Points
    normals: Points
    part: np.ndarray


def visible_surface(parts: Sequence[Part], tries: int, generator: np.random.Generator) -> Surface:
    """What remains of ``tries`` points even over the surfaces of all parts: those on the surface of the whole."""
    pieces = []
    for index, number in enumerate(choose([part.primitive.area for part in parts], tries, generator)):
        points, normals = parts[index].sample(number, generator)
        seen = np.flatnonzero(_is_visible(parts, index, points))
        pieces.append(Surface(points[seen], normals[seen], np.full(len(seen), index)))
    order = generator.permutation(sum(len(piece.part) for piece in pieces))
    return Surface(*(np.concatenate(each)[order] for each in zip(*pieces)))


def room(parts: Sequence[Part], surface: Surface) -> Numbers:
    """Radius of a ball around every point in which the surface is one smooth piece of one part, at least."""
    radius = np.full(len(surface.points), np.inf)
    for index, part in enumerate(parts):
        own = surface.part == index
        radius[own] = np.minimum(radius[own], part.clearance(surface.points[own], surface.normals[own]))
        radius[~own] = np.minimum(radius[~own], np.abs(part.primitive.signed(part.own(surface.points[~own]))))
    return radius


def _is_visible(parts: Sequence[Part], index: int, points: Points) -> np.ndarray:
    visible = np.ones(len(points), bool)
    for later in parts[index + 1 :]:
        left = np.flatnonzero(visible)
        visible[left] = later.signed(points[left]) > 0
    left = np.flatnonzero(visible)
    before = np.full(len(left), np.inf)
    for part in parts[:index]:
        signed = part.signed(points[left])
        before = np.maximum(before, -signed) if part.operation == "cut" else np.minimum(before, signed)
    visible[left] = before < 0 if parts[index].operation == "cut" else before > 0
    return visible

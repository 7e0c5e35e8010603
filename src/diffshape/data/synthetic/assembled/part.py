"""Primitives put together, many shapes at once: part k of all shapes is one batch, added or cut away.

A shape is a fold over its parts, in order, of whether a place is inside: ``held or own`` for a part that is added,
``held and not own`` for one that is cut away. Its signed function folds min(f, g) and max(f, -g):
outside, it is the distance if nothing is cut away and no part is a superquadric; it is never more than the distance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.assembled.primitive import (
    Crossing,
    Flags,
    Numbers,
    Places,
    Points,
    Primitive,
    column,
)


@dataclass(frozen=True)
class Part:
    """One primitive of each of S shapes, and where it is.

    Args:
        solid: S primitives.
        center: Place of their origins, shape (S, 3).
        present: Which of the shapes have it, shape (S,).
        rotation: Own axes as columns, shape (S, 3, 3); None along the axes of the shapes.
        cut: Whether it is taken away from the parts before it.
    """

    solid: Primitive
    center: Points
    present: Flags
    rotation: Points | None = None
    cut: bool = False

    def inside(self, places: Places) -> Flags:
        """Whether places are inside the primitive; none is where there is no part."""
        own = self.solid.inside(self._own(places))
        return own & column(self.present, own)

    def signed(self, points: Points) -> Numbers:
        """Signed function of the primitive at points (S, N, 3); infinity where there is no part."""
        x, y, z = np.moveaxis(points, -1, 0)
        own = np.stack(self._own((x, y, z)), axis=-1)
        return np.where(self.present[:, None], self.solid.signed(own), np.inf)

    def cross(self, start: Places, direction: Places) -> Crossing:
        """Where lines are within the primitive."""
        found = self.solid.cross(self._own(start), self._turned(direction))
        enter, leave = (column(self.present, each) & (found.enter < found.leave) for each in found)
        return Crossing(np.where(enter, found.enter, np.inf), np.where(leave, found.leave, -np.inf))

    def _own(self, places: Places) -> Places:
        x, y, z = (each - column(middle, each) for each, middle in zip(places, self.center.T))
        return self._turned((x, y, z))

    def _turned(self, vectors: Places) -> Places:
        if self.rotation is None:
            return vectors
        x, y, z = (
            sum(column(self.rotation[:, row, axis], each) * each for row, each in enumerate(vectors))
            for axis in range(3)
        )
        return np.asarray(x), np.asarray(y), np.asarray(z)


def inside(parts: Sequence[Part], places: Places) -> Flags:
    """Whether places are inside S shapes, shape (S, ...)."""
    return fold(parts, (part.inside(places) for part in parts))


def fold(parts: Sequence[Part], own: Iterable[Flags]) -> Flags:
    """Whether a place is inside the whole, from whether it is inside each of the parts."""
    held = np.zeros((), bool)
    for part, flags in zip(parts, own):
        held = held & ~flags if part.cut else held | flags
    return held


def signed(parts: Sequence[Part], points: Points) -> Numbers:
    """Signed function of S shapes at points (S, N, 3): negative inside, 0 on the surface."""
    value = np.full(points.shape[:2], np.inf)
    for part in parts:
        own = part.signed(points)
        value = np.maximum(value, -own) if part.cut else np.minimum(value, own)
    return value

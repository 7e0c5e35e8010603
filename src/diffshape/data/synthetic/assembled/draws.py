"""Parameters drawn for many shapes at once, and parts made of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from diffshape.data.synthetic.assembled.block import Blocks
from diffshape.data.synthetic.assembled.part import Part
from diffshape.data.synthetic.assembled.primitive import Numbers, Points, Primitive, Rows
from diffshape.data.synthetic.assembled.rod import Rods
from diffshape.data.synthetic.assembled.superquadric import Superquadrics

Values = tuple[ArrayLike, ArrayLike, ArrayLike]
"""Three coordinates, each one number for all shapes or one for each."""


@dataclass(frozen=True)
class Draws:
    """Parameters of ``shapes`` shapes, and parts for them; what is one number is that of all shapes."""

    shapes: int
    generator: np.random.Generator

    def between(self, low: float, high: float) -> Numbers:
        """Numbers even between two, shape (S,)."""
        return self.generator.uniform(low, high, self.shapes)

    def among(self, count: int) -> Rows:
        """Whole numbers from 0 to ``count`` - 1, shape (S,)."""
        return self.generator.integers(count, size=self.shapes)

    def block(
        self,
        center: Values,
        half_sides: Values,
        *,
        turn: Points | None = None,
        cut: bool = False,
        where: ArrayLike = True,
    ) -> Part:
        """A box, in the shapes ``where`` is true of."""
        return self._part(Blocks(self._rows(half_sides)), center, turn, cut, where)

    def rod(
        self,
        center: Values,
        height: ArrayLike,
        radius: ArrayLike,
        top: ArrayLike | None = None,
        *,
        turn: Points | None = None,
        cut: bool = False,
        where: ArrayLike = True,
    ) -> Part:
        """A cylinder along its own y axis, ``height`` up and down from its centre; with ``top`` a cone cut off."""
        sizes = self._rows((height, radius, radius if top is None else top))
        return self._part(Rods(*sizes.T.copy()), center, turn, cut, where)

    def superquadric(
        self,
        center: Values,
        half_axes: Values,
        around: ArrayLike = 2.0,
        upright: ArrayLike = 2.0,
        *,
        turn: Points | None = None,
        cut: bool = False,
        where: ArrayLike = True,
    ) -> Part:
        """A superquadric about its own y axis; an ellipsoid if no exponents are given."""
        exponents = self._rows((around, upright, 0)).T.copy()
        return self._part(Superquadrics(self._rows(half_axes), exponents[0], exponents[1]), center, turn, cut, where)

    def _part(self, solid: Primitive, center: Values, turn: Points | None, cut: bool, where: ArrayLike) -> Part:
        rotation = None if turn is None else np.broadcast_to(turn, (self.shapes, 3, 3))
        present = np.broadcast_to(where, self.shapes).astype(bool)
        return Part(solid, self._rows(center), present, rotation, cut)

    def _rows(self, values: Values) -> Points:
        return np.stack([np.broadcast_to(value, self.shapes) for value in values], axis=1).astype(float)


def turn(axis: int, angle: ArrayLike) -> Points:
    """Rotations about the x, y or z axis (0, 1, 2), counter-clockwise, shape (..., 3, 3).

    >>> turn(2, np.pi / 2).round() @ (1, 0, 0)
    array([0., 1., 0.])
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*np.shape(angle), 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., first, first] = matrix[..., second, second] = cosine
    matrix[..., first, second], matrix[..., second, first] = -sine, sine
    return matrix

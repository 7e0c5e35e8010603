"""Flat pieces of no thickness: rectangles and ellipses in the plane z = 0, with a border."""

import math
from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points
from diffshape.data.synthetic.solids import box


@dataclass(frozen=True)
class Sheet:
    """Half sides of a rectangle, or half axes of an ellipse if it is ``round``."""

    half_sides: tuple[float, float]
    round: bool = False

    @property
    def area(self) -> float:
        """Area of one side."""
        return (math.pi if self.round else 4) * self.half_sides[0] * self.half_sides[1]

    @property
    def thickness(self) -> float:
        """Half the smaller side: a sheet has no thickness that a relief could pierce."""
        return min(self.half_sides)

    def signed(self, points: Points) -> Numbers:
        """Distance from the rectangle (around the ellipse), never negative: nothing is inside."""
        return box((0, 0, 0), (*self.half_sides, 0))(points).clip(min=0)

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of constant density and their normals, all upwards."""
        flat = generator.uniform(-1, 1, (count, 2))
        if self.round:
            radius, angle = np.sqrt((flat[:, 0] + 1) / 2), math.pi * flat[:, 1]
            flat = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.column_stack([flat * self.half_sides, np.zeros(count)]), np.tile([0.0, 0.0, 1.0], (count, 1))

    def bend(self, points: Points, normals: Points) -> Matrices:
        """Zero: it is flat."""
        return np.zeros((3, 3, len(points)))

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Infinite: a border is no edge between two surfaces."""
        return np.full(len(points), np.inf)

"""Ellipsoids: points of constant density on the surface, normals and curvature.

A direction d, even on the sphere, becomes the point a d with normal along d / a; the area there grows with |d / a|, so
points are kept with a probability proportional to it. Area: 4 pi R_G((a b)^2, (a c)^2, (b c)^2) with Carlson's
symmetric integral (DLMF 19.33.1).
"""

import math
from dataclasses import dataclass

import numpy as np

from diffshape.data.synthetic.drawn.primitive import Matrices, Numbers, Points, outer
from diffshape.data.synthetic.solids import ellipsoid


@dataclass(frozen=True)
class Ellipsoid:
    """The half axes of an ellipsoid."""

    half_axes: tuple[float, float, float]

    @property
    def area(self) -> float:
        """Area of the surface."""
        from scipy.special import elliprg

        a, b, c = self.half_axes
        return float(4 * math.pi * elliprg((a * b) ** 2, (a * c) ** 2, (b * c) ** 2))

    @property
    def thickness(self) -> float:
        """Half the smallest thickness."""
        return min(self.half_axes)

    def signed(self, points: Points) -> Numbers:
        """Negative inside, 0 on the surface."""
        return ellipsoid((0, 0, 0), self.half_axes)(points)

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of constant density over the surface and their outward unit normals."""
        half = np.array(self.half_axes)
        kept = np.empty((0, 3))
        while len(kept) < count:
            directions = generator.standard_normal((2 * (count - len(kept)) + 16, 3))
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            growth = np.linalg.norm(directions / half, axis=1) * half.min()
            kept = np.concatenate([kept, directions[generator.random(len(growth)) < growth]])
        normals = kept[:count] / half
        return kept[:count] * half, normals / np.linalg.norm(normals, axis=1, keepdims=True)

    def bend(self, points: Points, normals: Points) -> Matrices:
        """(I - n n^T) diag(1 / a^2) / |p / a^2|."""
        squared = np.array(self.half_axes) ** 2
        along = (np.eye(3)[:, :, None] - outer(normals, normals)) / squared[None, :, None]
        return along / np.linalg.norm(points / squared, axis=1)

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Infinite: there is no sharp edge."""
        return np.full(len(points), np.inf)

"""What every primitive of a drawn solid answers, in coordinates of its own, centred at the origin."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Points, normals or offsets, shape (N, 3)."""
Numbers = NDArray[np.float64]
"""One number a point, shape (N,)."""
Matrices = NDArray[np.float64]
"""One matrix a point, shape (3, 3, N): rows, columns, points."""


Row = tuple[float, float, float]
"""A point or a vector as plain numbers."""


class Primitive(Protocol):
    """A closed form of an inside, a surface and its curvature."""

    @property
    def area(self) -> float:
        """Area of the whole surface."""
        ...

    @property
    def thickness(self) -> float:
        """Half the smallest thickness: a shallower relief leaves both sides of a wall apart."""
        ...

    def signed(self, points: Points) -> Numbers:
        """A function of space, negative inside and 0 on the surface, that changes no faster than space."""
        ...

    def sample(self, count: int, generator: np.random.Generator) -> tuple[Points, Points]:
        """Points of constant density over the surface and their outward unit normals."""
        ...

    def bend(self, points: Points, normals: Points) -> Matrices:
        """How the normal n turns along the surface, grad n, at points of the surface with their normals."""
        ...

    def clearance(self, points: Points, normals: Points) -> Numbers:
        """Distance of points of the surface from the nearest sharp edge of this primitive; infinite without one."""
        ...


def row(vector: NDArray[np.float64]) -> Row:
    """A vector (3,) as plain numbers."""
    x, y, z = vector.tolist()
    return x, y, z


def outer(a: Points, b: Points) -> Matrices:
    """The matrices a b^T."""
    return a.T[:, None] * b.T[None, :]


def choose(areas: list[float], count: int, generator: np.random.Generator) -> list[int]:
    """How many of ``count`` independent points fall on each of several patches of these areas."""
    return generator.multinomial(count, np.array(areas) / sum(areas)).tolist()

"""The area that each point of a cloud stands for, and the distance between neighbours that follows from it."""

import math

from jaxtyping import Float
from torch import Tensor

AREA_NEIGHBORS = 8
"""Neighbour of a point whose distance says what area the point stands for."""


def point_areas(squared_distances: Float[Tensor, "n k"]) -> Float[Tensor, "n"]:
    """The area each point stands for: a disc as wide as the distance to its 8th neighbour holds 8 points.

    Args:
        squared_distances: To a point itself and its nearest neighbours, ascending, K >= 2.
    """
    k = min(AREA_NEIGHBORS, squared_distances.shape[1] - 1)
    return squared_distances[:, k] * (math.pi / k)


def spacing_of(areas: Float[Tensor, "n"]) -> float:
    """Distance between neighbours on a square grid of the same density; points that lie on one another do not count."""
    positive = areas[areas > 0]
    return float(positive.median().sqrt()) if len(positive) else 0.0

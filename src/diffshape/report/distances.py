"""Distances from places to a surface, as pictures and scenes colour them."""

from collections.abc import Sequence

import igl
import numpy as np
from numpy.typing import NDArray

from diffshape.data import Mesh

_SHARE = 0.99
"""Share of the distances that lie within a scale of colours."""


def distances_to(mesh: Mesh, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance of each place (N, 3) to a mesh with a face or more, in its coordinates."""
    if not len(places):
        return np.zeros(0)
    squared, *_ = igl.point_mesh_squared_distance(np.asarray(places, np.float64), mesh.vertices, mesh.faces)
    return np.sqrt(squared)


def largest_shown(distances: Sequence[NDArray[np.floating]]) -> float:
    """End of the scale of colours for several arrays of distances: that within which 99 % of all lie; 1 if that is 0.

    >>> largest_shown([np.array([0.0, 2.0]), np.full(300, 2.0)])
    2.0
    """
    everything = np.concatenate([*distances, np.zeros(1)])
    return float(np.quantile(everything, _SHARE)) or 1.0

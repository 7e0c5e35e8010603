"""Differentiable primitives: neighbours, hash encoding, level-set projection, surface sampling, isosurfaces."""

from diffshape.ops.nearest_neighbors import nearest_neighbors
from diffshape.ops.neighbor_index import NeighborIndex, Neighbors

__all__ = ["NeighborIndex", "Neighbors", "nearest_neighbors"]

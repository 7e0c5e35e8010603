"""Differentiable primitives: neighbours, assignment, hash encoding, level sets, surface sampling, isosurfaces."""

from diffshape.ops.assign import assign, optimality_gap
from diffshape.ops.grid_layout import GridLayout
from diffshape.ops.hash_encode import hash_encode
from diffshape.ops.isosurface import isosurface
from diffshape.ops.level_set import LevelSetPoints, project_to_level_set
from diffshape.ops.local_quadrics import LocalQuadrics, local_quadrics
from diffshape.ops.nearest_neighbors import Neighbors, nearest_neighbors
from diffshape.ops.neighbor_index import NeighborIndex
from diffshape.ops.poisson_indicator import PoissonIndicator
from diffshape.ops.rasterize import MeshRaster, SphereRaster, rasterize_mesh, rasterize_spheres
from diffshape.ops.sample_surface import SurfaceSamples, sample_surface
from diffshape.ops.visibility import visible_from

__all__ = [
    "GridLayout",
    "LevelSetPoints",
    "LocalQuadrics",
    "MeshRaster",
    "NeighborIndex",
    "Neighbors",
    "PoissonIndicator",
    "SphereRaster",
    "SurfaceSamples",
    "assign",
    "hash_encode",
    "isosurface",
    "local_quadrics",
    "nearest_neighbors",
    "optimality_gap",
    "project_to_level_set",
    "rasterize_mesh",
    "rasterize_spheres",
    "sample_surface",
    "visible_from",
]

"""Differentiable primitives: neighbours, assignment, hash encoding, level sets, meshes, sides, heat-maps."""

from diffshape.ops.cloud_sets.set_distances import set_distances
from diffshape.ops.distance_grid.levels import OrientedSurface
from diffshape.ops.hash_grid.encode import hash_encode
from diffshape.ops.hash_grid.layout import GridLayout
from diffshape.ops.hash_grid.packed import PackedHashGrid, pack_hash_grid
from diffshape.ops.hash_grid.query import query_hash_grid
from diffshape.ops.landmarks.gaussian_heatmaps import gaussian_heatmaps
from diffshape.ops.landmarks.heatmap_decoding import heatmap_argmax, heatmap_dark, heatmap_soft_argmax
from diffshape.ops.landmarks.pixel_coordinates import denormalize_landmarks, normalize_landmarks, resize_landmarks
from diffshape.ops.level_sets.isosurface import Surface, isosurface
from diffshape.ops.level_sets.projection import LevelSetPoints, project_to_level_set
from diffshape.ops.local_quadrics import LocalQuadrics, local_quadrics
from diffshape.ops.meshes.closest_points import ClosestPoints, closest_points
from diffshape.ops.meshes.closest_triangles import ClosestTriangles, closest_triangles
from diffshape.ops.meshes.packed_meshes import PackedFaces, PackedMeshes, pack_meshes
from diffshape.ops.meshes.sample_surface import LocatedSamples, SurfaceSamples, sample_surface
from diffshape.ops.meshes.signed_distance import inside_mesh, signed_distance
from diffshape.ops.meshes.topology import FaceSides, UnitVectors, face_normals, face_sides
from diffshape.ops.meshes.triangle_index import TriangleIndex
from diffshape.ops.neighbors.ball_query import BallNeighbors, ball_query
from diffshape.ops.neighbors.definition import Neighbors
from diffshape.ops.neighbors.estimate_normals import estimate_normals
from diffshape.ops.neighbors.farthest_points import farthest_points
from diffshape.ops.neighbors.gather_points import gather_points
from diffshape.ops.neighbors.index import NeighborIndex
from diffshape.ops.neighbors.manhattan import ManhattanNeighbors, manhattan_neighbors
from diffshape.ops.neighbors.nearest import nearest_neighbors
from diffshape.ops.orientation.orient_points import OrientedPoints, orient_points
from diffshape.ops.orientation.point_winding import PointWinding
from diffshape.ops.rasterize import MeshRaster, SphereRaster, rasterize_mesh, rasterize_spheres
from diffshape.ops.transport.assign import assign, optimality_gap
from diffshape.ops.visibility import visible_from

__all__ = [
    "BallNeighbors",
    "ClosestPoints",
    "ClosestTriangles",
    "FaceSides",
    "GridLayout",
    "LevelSetPoints",
    "LocalQuadrics",
    "LocatedSamples",
    "ManhattanNeighbors",
    "MeshRaster",
    "NeighborIndex",
    "Neighbors",
    "OrientedPoints",
    "OrientedSurface",
    "PackedFaces",
    "PackedHashGrid",
    "PackedMeshes",
    "PointWinding",
    "SphereRaster",
    "Surface",
    "SurfaceSamples",
    "TriangleIndex",
    "UnitVectors",
    "assign",
    "ball_query",
    "closest_points",
    "closest_triangles",
    "denormalize_landmarks",
    "estimate_normals",
    "face_normals",
    "face_sides",
    "farthest_points",
    "gather_points",
    "gaussian_heatmaps",
    "hash_encode",
    "heatmap_argmax",
    "heatmap_dark",
    "heatmap_soft_argmax",
    "inside_mesh",
    "isosurface",
    "local_quadrics",
    "manhattan_neighbors",
    "nearest_neighbors",
    "normalize_landmarks",
    "optimality_gap",
    "orient_points",
    "pack_hash_grid",
    "pack_meshes",
    "project_to_level_set",
    "query_hash_grid",
    "rasterize_mesh",
    "rasterize_spheres",
    "resize_landmarks",
    "sample_surface",
    "set_distances",
    "signed_distance",
    "visible_from",
]


def __dir__() -> list[str]:
    return __all__

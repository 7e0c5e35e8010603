"""Numbers reported without gradients."""

from diffshape.metrics.f_score import FScore, f_score
from diffshape.metrics.normals import normal_consistency
from diffshape.metrics.occupancy import occupancy_iou, voxel_iou
from diffshape.metrics.point_to_mesh import PointToMeshStatistics, point_to_mesh_statistics
from diffshape.metrics.surfaces import SurfaceScore, compare_surfaces

__all__ = [
    "FScore",
    "PointToMeshStatistics",
    "SurfaceScore",
    "compare_surfaces",
    "f_score",
    "normal_consistency",
    "occupancy_iou",
    "point_to_mesh_statistics",
    "voxel_iou",
]

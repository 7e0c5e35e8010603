"""Numbers reported without gradients."""

from diffshape.metrics.calibration import Calibration, uncertainty_calibration
from diffshape.metrics.cloud_sets.compare import NearestScore, SetScore, compare_sets
from diffshape.metrics.clouds import CloudScore, compare_cloud_to_surface
from diffshape.metrics.f_score import FScore, f_score
from diffshape.metrics.fields import FieldScore, compare_fields
from diffshape.metrics.landmarks import RadialError, StructureViolations, radial_error, structure_violations
from diffshape.metrics.normals import normal_consistency
from diffshape.metrics.occupancy import occupancy_iou, voxel_iou
from diffshape.metrics.point_to_mesh import PointToMeshStatistics, point_to_mesh_statistics
from diffshape.metrics.points import PointScore, compare_points
from diffshape.metrics.published_protocol import PublishedScore, compare_as_published, published_offset
from diffshape.metrics.signs import sign_f1
from diffshape.metrics.spurious_share import spurious_share
from diffshape.metrics.surfaces import SurfaceScore, compare_surfaces

__all__ = [
    "Calibration",
    "CloudScore",
    "FScore",
    "FieldScore",
    "NearestScore",
    "PointScore",
    "PointToMeshStatistics",
    "PublishedScore",
    "RadialError",
    "SetScore",
    "StructureViolations",
    "SurfaceScore",
    "compare_as_published",
    "compare_cloud_to_surface",
    "compare_fields",
    "compare_points",
    "compare_sets",
    "compare_surfaces",
    "f_score",
    "normal_consistency",
    "occupancy_iou",
    "point_to_mesh_statistics",
    "published_offset",
    "radial_error",
    "sign_f1",
    "spurious_share",
    "structure_violations",
    "uncertainty_calibration",
    "voxel_iou",
]


def __dir__() -> list[str]:
    return __all__

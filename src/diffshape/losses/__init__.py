"""Differentiable objectives, plain functions."""

from diffshape.losses.implicit.distance_regression import clamped_l1_loss, mape_loss, relative_l2_loss
from diffshape.losses.implicit.divergence import directional_divergence_loss, divergence_loss
from diffshape.losses.implicit.eikonal import eikonal_loss
from diffshape.losses.implicit.implicit_distance import ImplicitDistance, implicit_distance
from diffshape.losses.implicit.normal_alignment import normal_alignment_loss
from diffshape.losses.implicit.pull import pull_loss
from diffshape.losses.implicit.surface_area import surface_area_loss
from diffshape.losses.implicit.surface_to_points import surface_to_points_loss
from diffshape.losses.landmarks.adaptive_wing import adaptive_wing_loss
from diffshape.losses.landmarks.coordinates import euclidean_loss, rectified_wing_loss, smooth_l1_loss, wing_loss
from diffshape.losses.landmarks.heatmap_divergence import heatmap_divergence
from diffshape.losses.landmarks.heatmap_focal import heatmap_focal_loss
from diffshape.losses.landmarks.heatmap_mse import heatmap_mse
from diffshape.losses.landmarks.keypoint_similarity import keypoint_similarity_loss
from diffshape.losses.landmarks.landmark_loss import LandmarkLoss, TermSchedule
from diffshape.losses.landmarks.likelihoods import beta_nll, bounded_log_variance, gaussian_nll, laplace_nll
from diffshape.losses.landmarks.soft_wing import soft_wing_loss
from diffshape.losses.landmarks.spine_limits import StructureLimits
from diffshape.losses.landmarks.spine_structure import structure_loss
from diffshape.losses.meshes.point_to_mesh import point_to_mesh_distance
from diffshape.losses.meshes.smoothness import adjacent_normal_loss, laplacian_loss
from diffshape.losses.meshes.to_points import mesh_to_points_distance
from diffshape.losses.meshes.to_target import edge_length_loss, face_normal_loss, mesh_loss, vertex_loss
from diffshape.losses.points.chamfer import chamfer_distance
from diffshape.losses.points.chamfer_normals import chamfer_normal_loss
from diffshape.losses.points.chamfer_per_point import ChamferPoints, chamfer_per_point
from diffshape.losses.points.chamfer_with_normals import ChamferWithNormals, chamfer_with_normals
from diffshape.losses.points.density_aware_chamfer import density_aware_chamfer_distance
from diffshape.losses.points.earth_mover import earth_mover_distance
from diffshape.losses.points.hausdorff import hausdorff_distance
from diffshape.losses.points.min_of_n import min_of_n
from diffshape.losses.points.sinkhorn import sinkhorn_divergence
from diffshape.losses.points.sliced_wasserstein import sliced_wasserstein_distance
from diffshape.losses.points.soft_chamfer import soft_chamfer_distance
from diffshape.losses.segmentation.focal import segmentation_focal_loss
from diffshape.losses.segmentation.overlap import segmentation_dice_loss, segmentation_tversky_loss
from diffshape.losses.terms import LossTerms
from diffshape.losses.voxels.entropy import voxel_cross_entropy, voxel_focal_loss
from diffshape.losses.voxels.overlap import voxel_dice_loss, voxel_iou_loss, voxel_tversky_loss
from diffshape.ops.landmarks.skeleton import Skeleton

__all__ = [
    "ChamferPoints",
    "ChamferWithNormals",
    "ImplicitDistance",
    "LandmarkLoss",
    "LossTerms",
    "Skeleton",
    "StructureLimits",
    "TermSchedule",
    "adaptive_wing_loss",
    "adjacent_normal_loss",
    "beta_nll",
    "bounded_log_variance",
    "chamfer_distance",
    "chamfer_normal_loss",
    "chamfer_per_point",
    "chamfer_with_normals",
    "clamped_l1_loss",
    "density_aware_chamfer_distance",
    "directional_divergence_loss",
    "divergence_loss",
    "earth_mover_distance",
    "edge_length_loss",
    "eikonal_loss",
    "euclidean_loss",
    "face_normal_loss",
    "gaussian_nll",
    "hausdorff_distance",
    "heatmap_divergence",
    "heatmap_focal_loss",
    "heatmap_mse",
    "implicit_distance",
    "keypoint_similarity_loss",
    "laplace_nll",
    "laplacian_loss",
    "mape_loss",
    "mesh_loss",
    "mesh_to_points_distance",
    "min_of_n",
    "normal_alignment_loss",
    "point_to_mesh_distance",
    "pull_loss",
    "rectified_wing_loss",
    "relative_l2_loss",
    "segmentation_dice_loss",
    "segmentation_focal_loss",
    "segmentation_tversky_loss",
    "sinkhorn_divergence",
    "sliced_wasserstein_distance",
    "smooth_l1_loss",
    "soft_chamfer_distance",
    "soft_wing_loss",
    "structure_loss",
    "surface_area_loss",
    "surface_to_points_loss",
    "vertex_loss",
    "voxel_cross_entropy",
    "voxel_dice_loss",
    "voxel_focal_loss",
    "voxel_iou_loss",
    "voxel_tversky_loss",
    "wing_loss",
]


def __dir__() -> list[str]:
    return __all__

"""Differentiable objectives, plain functions."""

from diffshape.losses.eikonal import eikonal_loss
from diffshape.losses.implicit_distance import ImplicitDistance, implicit_distance
from diffshape.losses.mesh_smoothness import adjacent_normal_loss, laplacian_loss
from diffshape.losses.mesh_to_target import edge_length_loss, face_normal_loss, mesh_loss, vertex_loss
from diffshape.losses.point_to_mesh import point_to_mesh_distance
from diffshape.losses.surface_area import surface_area_loss
from diffshape.losses.surface_to_points import surface_to_points_loss
from diffshape.losses.terms import LossTerms
from diffshape.losses.voxel_entropy import voxel_cross_entropy, voxel_focal_loss
from diffshape.losses.voxel_overlap import voxel_dice_loss, voxel_iou_loss, voxel_tversky_loss

__all__ = [
    "ImplicitDistance",
    "LossTerms",
    "adjacent_normal_loss",
    "edge_length_loss",
    "eikonal_loss",
    "face_normal_loss",
    "implicit_distance",
    "laplacian_loss",
    "mesh_loss",
    "point_to_mesh_distance",
    "surface_area_loss",
    "surface_to_points_loss",
    "vertex_loss",
    "voxel_cross_entropy",
    "voxel_dice_loss",
    "voxel_focal_loss",
    "voxel_iou_loss",
    "voxel_tversky_loss",
]

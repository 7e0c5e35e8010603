"""Differentiable objectives, plain functions."""

from diffshape.losses.adaptive_wing import adaptive_wing_loss
from diffshape.losses.coordinates import euclidean_loss, rectified_wing_loss, smooth_l1_loss, wing_loss
from diffshape.losses.eikonal import eikonal_loss
from diffshape.losses.heatmap_divergence import heatmap_divergence
from diffshape.losses.heatmap_focal import heatmap_focal_loss
from diffshape.losses.heatmap_mse import heatmap_mse
from diffshape.losses.implicit_distance import ImplicitDistance, implicit_distance
from diffshape.losses.landmark_loss import LandmarkLoss, TermSchedule
from diffshape.losses.likelihoods import beta_nll, bounded_log_variance, gaussian_nll, laplace_nll
from diffshape.losses.skeleton import Skeleton
from diffshape.losses.structure import structure_loss
from diffshape.losses.structure_limits import StructureLimits
from diffshape.losses.surface_area import surface_area_loss
from diffshape.losses.surface_to_points import surface_to_points_loss
from diffshape.losses.terms import LossTerms

__all__ = [
    "ImplicitDistance",
    "LandmarkLoss",
    "LossTerms",
    "Skeleton",
    "StructureLimits",
    "TermSchedule",
    "adaptive_wing_loss",
    "beta_nll",
    "bounded_log_variance",
    "eikonal_loss",
    "euclidean_loss",
    "gaussian_nll",
    "heatmap_divergence",
    "heatmap_focal_loss",
    "heatmap_mse",
    "implicit_distance",
    "laplace_nll",
    "rectified_wing_loss",
    "smooth_l1_loss",
    "structure_loss",
    "surface_area_loss",
    "surface_to_points_loss",
    "wing_loss",
]

"""Differentiable objectives, plain functions."""

from diffshape.losses.chamfer import chamfer_distance
from diffshape.losses.chamfer_normals import chamfer_normal_loss
from diffshape.losses.density_aware_chamfer import density_aware_chamfer_distance
from diffshape.losses.eikonal import eikonal_loss
from diffshape.losses.hausdorff import hausdorff_distance
from diffshape.losses.implicit_distance import ImplicitDistance, implicit_distance
from diffshape.losses.min_of_n import min_of_n
from diffshape.losses.sinkhorn import sinkhorn_divergence
from diffshape.losses.sliced_wasserstein import sliced_wasserstein_distance
from diffshape.losses.soft_chamfer import soft_chamfer_distance
from diffshape.losses.surface_area import surface_area_loss
from diffshape.losses.surface_to_points import surface_to_points_loss
from diffshape.losses.terms import LossTerms

__all__ = [
    "ImplicitDistance",
    "LossTerms",
    "chamfer_distance",
    "chamfer_normal_loss",
    "density_aware_chamfer_distance",
    "eikonal_loss",
    "hausdorff_distance",
    "implicit_distance",
    "min_of_n",
    "sinkhorn_divergence",
    "sliced_wasserstein_distance",
    "soft_chamfer_distance",
    "surface_area_loss",
    "surface_to_points_loss",
]

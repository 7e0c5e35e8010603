"""Differentiable objectives, plain functions."""

from diffshape.losses.earth_mover import earth_mover_distance
from diffshape.losses.eikonal import eikonal_loss
from diffshape.losses.implicit_distance import ImplicitDistance, implicit_distance
from diffshape.losses.surface_area import surface_area_loss
from diffshape.losses.surface_to_points import surface_to_points_loss
from diffshape.losses.terms import LossTerms

__all__ = [
    "ImplicitDistance",
    "LossTerms",
    "earth_mover_distance",
    "eikonal_loss",
    "implicit_distance",
    "surface_area_loss",
    "surface_to_points_loss",
]

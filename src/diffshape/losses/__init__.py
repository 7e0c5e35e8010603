"""Differentiable objectives, plain functions."""

from diffshape.losses.terms import LossTerms

__all__ = ["LossTerms"]

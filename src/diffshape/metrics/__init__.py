"""Numbers reported without gradients."""

from diffshape.metrics.surfaces import SurfaceScore, compare_surfaces

__all__ = ["SurfaceScore", "compare_surfaces"]

"""Numbers reported without gradients."""

from diffshape.metrics.calibration import Calibration, uncertainty_calibration
from diffshape.metrics.landmarks import RadialError, StructureViolations, radial_error, structure_violations
from diffshape.metrics.surfaces import SurfaceScore, compare_surfaces

__all__ = [
    "Calibration",
    "RadialError",
    "StructureViolations",
    "SurfaceScore",
    "compare_surfaces",
    "radial_error",
    "structure_violations",
    "uncertainty_calibration",
]

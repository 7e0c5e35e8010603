"""Settings of the DiffCD fit of a scan. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1.
"""

from dataclasses import dataclass, replace
from typing import Literal

from diffshape._bounds import check_finite
from diffshape._typed import check_settings
from diffshape.fitting.methods.config import ScanMethodConfig


def _at_least(config: object, name: str, low: float) -> None:
    if not getattr(config, name) >= low:
        raise ValueError(f"DiffCD: {name} must be at least {low}, got {getattr(config, name)}")


@dataclass(frozen=True, kw_only=True)
class DiffCD(ScanMethodConfig):
    """Differentiable Chamfer fit of a neural distance field: points to surface, surface to points, eikonal.

    L = (L_p2s + w L_s2p) / (1 + w) + lambda L_eik + mu L_area (+ nu L_normal). Lengths are shares of the longest side
    of the shape. The defaults are the fast fit of this library; ``preset("paper")`` is the published one.
    Source: Haerenstam-Nielsen, Sang, Saroha, Araslanov, Cremers, DiffCD, ECCV 2024.
    """

    points_loss: Literal["value", "squared-value", "closest-point"] = "value"
    """Term of the points p of the scan: value, mean |f(p)|; squared-value, mean f(p)^2; closest-point, the mean
    distance from p to the closest point of the level set of f."""
    surface_weight: float = 1.0
    """Weight w of the distance from the surface to the points; 0 is IGR."""
    surface_squared: bool = False
    """Square the distances from the surface to the points."""
    eikonal_weight: float = 0.02
    """Weight lambda of the eikonal term, mean (1 - |grad f|)^2."""
    area_weight: float = 0.0
    """Weight mu of the area of the surface, mean exp(-100 |f|) over the box."""
    normal_weight: float = 0.01
    """Weight nu of the normals n of the points, mean |grad f - n|^2; must be 0 for a scan that is not prepared, as its
    preparation finds the normals."""
    batch: int = 4096
    """Number of points of the scan in a step."""
    surface_batch: int = 2048
    """Number of samples of the surface in a step."""
    local_samples: float = 0.5
    """Number of eikonal samples near the scan, for each point of the batch."""
    local_scale: float = 0.2
    """Standard deviation of the eikonal samples near a point of the scan, in distances to its 50th neighbour."""
    global_samples: float = 0.125
    """Number of eikonal samples anywhere in the box, for each point of the batch."""
    pool: int = 30_000
    """Number of samples of the surface that are kept between two meshings."""
    meshings: int = 5
    """Number of times that the surface is meshed and sampled anew during the fit."""
    mesh_resolution: int = 128
    """Grid nodes per axis of the meshings during the fit."""
    pulls: int = 1
    """Number of steps that pull a sample back to the moving surface each time it is drawn."""
    pull: Literal["newton", "trace"] = "newton"
    """Step that pulls a sample back to the surface, where g is the gradient of f: newton, f g / |g|^2; trace, f g / |g|
    as published."""
    tolerance: float = 1e-3
    """Bound of |f| at a sample that was pulled back to the surface; where |f| is larger, the sample does not count."""
    start: float = 0.75
    """Share of the steps, from 0 to below 1, in which the field learns the distances of the prepared scan; such a step
    costs a third of a later one."""
    refine: bool = False
    """Whether a surface that a field found in closed form, as a distance grid does, is trained for the steps of the
    fit; without it the fit ends there. On the scans measured, training moved such a surface away from the truth."""
    learning_rate: float = 5e-3
    """Learning rate of Adam; a field that found its surface in closed form has one of its own."""
    schedule: Literal["exponential", "warmup-cosine"] = "exponential"
    """Schedule of the learning rate: exponential, a decay to 0.5 % over the fit; warmup-cosine, up over the first 2.5 %
    of the fit and down to 0 along a half cosine, as published."""

    def unprepared(self) -> "DiffCD":
        """These settings for points that are taken as they are, without the term of the normals."""
        return replace(self, scan=None, normal_weight=0.0)

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("batch", "surface_batch", "pool", "meshings"):
            _at_least(self, name, 1)
        for name in (
            "surface_weight",
            "eikonal_weight",
            "area_weight",
            "normal_weight",
            "local_samples",
            "global_samples",
        ):
            _at_least(self, name, 0)
        _at_least(self, "pulls", 0)
        _at_least(self, "mesh_resolution", 16)
        if not 0 <= self.start < 1:
            raise ValueError(f"DiffCD: start is a share of the steps in [0, 1), got {self.start}")
        if not all(value > 0 for value in (self.learning_rate, self.tolerance, self.local_scale)):
            raise ValueError(f"DiffCD: learning_rate, tolerance and local_scale must be positive, got {self}")
        if self.normal_weight and self.scan is None:
            raise ValueError("DiffCD: a normal_weight needs scan, whose preparation finds the normals; set it to 0")
        check_finite(self)

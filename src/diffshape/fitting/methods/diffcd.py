"""Settings of the DiffCD fit of a scan. They need no torch, as a command line reads them.

Lengths are in the unit frame, where the longest side of a shape is 1.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from diffshape._bounds import check_number, check_whole
from diffshape.fitting.methods.config import SampledMethodConfig


@dataclass(frozen=True, kw_only=True)
class DiffCD(SampledMethodConfig):
    """Differentiable Chamfer fit of a neural distance field: points to surface, surface to points, eikonal.

    L = (L_p2s + w L_s2p) / (1 + w) + lambda L_eik + mu L_area (+ nu L_normal). Lengths are shares of the longest side
    of the shape. The defaults are the fast fit of this library; ``preset("paper")`` is the published one.
    Source: Haerenstam-Nielsen, Sang, Saroha, Araslanov, Cremers, DiffCD, ECCV 2024.
    """

    closed_form: ClassVar[bool] = True

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
    surface_batch: int = 2048
    """Number of samples of the surface in a step."""
    local_samples: float = 0.5
    """Number of eikonal samples near the scan, for each point of the batch."""
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
    write_back: bool = True
    """Whether a sample that was pulled to the surface stays where it arrived; without it, as published, every draw of a
    sample begins where the meshing put it."""
    tolerance: float = 1e-3
    """Bound of |f| at a sample that was pulled back to the surface; where |f| is larger, the sample does not count."""
    refine: bool = False
    """Whether a surface that a field found in closed form, as a distance grid does, is trained for the steps of the
    fit; without it the fit ends there. On the scans measured, training moved such a surface away from the truth."""
    learning_rate: float = 5e-3
    """Learning rate of Adam; a field that found its surface in closed form has one of its own."""

    def unprepared(self) -> "DiffCD":
        """These settings for points that are taken as they are, without the term of the normals."""
        return replace(self, scan=None, normal_weight=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting in ("surface_batch", "pool", "meshings"):
            check_whole(f"DiffCD: {setting}", getattr(self, setting), 1)
        for setting in ("surface_weight", "eikonal_weight", "area_weight", "normal_weight"):
            check_number(f"DiffCD: {setting}", getattr(self, setting), 0)
        check_whole("DiffCD: pulls", self.pulls)
        check_whole("DiffCD: mesh_resolution", self.mesh_resolution, 16)
        check_number("DiffCD: tolerance", self.tolerance, 0, above=True)
        if self.normal_weight and self.scan is None:
            raise ValueError("DiffCD: a normal_weight needs scan, whose preparation finds the normals; set it to 0")

"""The objectives of IGR, and of IGR with a weight of the area, as training tasks.

    L = mean |f(p)| + lambda mean (1 - |grad f(q)|)^2 (+ nu mean |grad f(p) - n|) (+ mu mean exp(-alpha |f(x)|))

Points p of the scan, with normals n if they are known, lie on the surface; eikonal samples q near them and anywhere in
the box keep f a distance; points x anywhere in the box measure the area of the surface. Sources: Gropp, Yariv, Haim,
Atzmon, Lipman, Implicit Geometric Regularization for Learning Shapes, ICML 2020; the last term as in
Haerenstam-Nielsen et al., DiffCD, ECCV 2024.
"""

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from diffshape.fitting.methods.igr import IGR, SurfaceArea
from diffshape.fitting.methods.scan_task import ScanTask
from diffshape.losses import eikonal_loss, surface_area_loss

Config = TypeVar("Config", bound=IGR)


class IGRTask(ScanTask[Config]):
    """Fits ``field`` to the points of a scan, and to their normals if they are known and wanted."""

    @staticmethod
    def in_miniature(method: Config, points: int) -> Config:
        """Few points a step."""
        return replace(method, batch=points)

    def parts(self, progress: float) -> dict[str, Tensor]:
        """Values, and normals if there are any, at points of the scan; slopes off them."""
        parameter, chosen = next(self.field.parameters()), self.draw()
        points = self.scan.points[chosen].to(parameter)
        normals = self.scan.normals if self.method.normals != "none" else None
        values, gradients = (self.field(points), None) if normals is None else self.field.value_and_gradient(points)
        around = torch.cat([self.near(chosen), self.method.global_side * self.far(chosen)]).to(parameter)
        _, slopes = self.field.value_and_gradient(around)
        parts = {"points": values.abs().mean(), "eikonal": eikonal_loss(slopes)}
        if normals is not None and gradients is not None:
            parts["normal"] = _disagreement(gradients, normals[chosen].to(parameter))
        return parts

    def weights(self) -> dict[str, float]:
        """1 for the values, and the weights of the settings."""
        return {"points": 1.0, "eikonal": self.method.eikonal_weight, "normal": self.method.normal_weight}


class SurfaceAreaTask(IGRTask[SurfaceArea]):
    """The objective of IGR with a weight of the area of the surface."""

    @staticmethod
    def in_miniature(method: SurfaceArea, points: int) -> SurfaceArea:
        """Few points a step."""
        return replace(method, batch=points, area_samples=points)

    def parts(self, progress: float) -> dict[str, Tensor]:
        """The terms of IGR, and the area."""
        parts = super().parts(progress)
        values = self.field(self.anywhere(self.method.area_samples).to(parts["points"]))
        return {**parts, "area": surface_area_loss(values, alpha=self.method.area_sharpness)}

    def weights(self) -> dict[str, float]:
        """Those of IGR, and that of the area."""
        return {**super().weights(), "area": self.method.area_weight}


def _disagreement(gradients: Tensor, normals: Tensor) -> Tensor:
    """Mean |g - n| over the points whose normal is known, which the others have as 0; 0 if none is."""
    known = (normals != 0).any(dim=1)
    errors = torch.linalg.vector_norm(gradients - normals, dim=1)
    return torch.where(known, errors, 0).sum() / known.sum().clamp(min=1)

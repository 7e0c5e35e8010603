"""The objective of SIREN, DiGS and StEik as a training task.

    L = a mean |f(p)| + b mean exp(-100 |f(x)|) + c mean |1 - |g|| + d mean (1 - cos(g(p), n)) + e(t) mean div(x)

Points p of the scan lie on the surface, with normals n if they are known; points x lie anywhere in the box; g is the
gradient of f, and div is nothing (SIREN), the clamped Laplacian (DiGS) or the second derivative along g (StEik).
Sources: Sitzmann et al., SIREN, NeurIPS 2020; Ben-Shabat et al., DiGS, CVPR 2022; Yang et al., StEik, NeurIPS 2023.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.siren import DiGS, Siren
from diffshape.fitting.methods.streamed_task import StreamedTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import (
    LossTerms,
    directional_divergence_loss,
    divergence_loss,
    eikonal_loss,
    normal_alignment_loss,
    surface_area_loss,
)
from diffshape.training import Adam, Exponential, Schedule

_UNIT = 0.5
"""Length in the unit frame that is 1 in the published objectives: half the longest side."""


class SirenBatch(NamedTuple):
    """Points of a step, in the dtype and on the device of the field."""

    points: Float[Tensor, "n 3"]
    """Points of the scan."""
    normals: Float[Tensor, "n 3"] | None
    """Normals of the points of the scan, 0 where one is not known; None: no normals are used."""
    space: Float[Tensor, "m 3"]
    """Points anywhere in the box."""


class SirenTask(StreamedTask[Siren]):
    """Fits ``field`` to a scan by the objective of SIREN, DiGS or StEik, whichever ``method`` is."""

    streams = ("points", "space")

    def __init__(self, field: Field, target: ScanTarget, method: Siren, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.clip = method.clip

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate."""
        return Adam(lr=self.method.learning_rate)

    def schedule(self) -> Schedule:
        """Exponential decay to the method's last share."""
        return Exponential(self.method.final)

    @staticmethod
    def in_miniature(method: Siren, points: int) -> Siren:
        """Few points a step."""
        return replace(method, batch=points, off_batch=points)

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective over fresh points."""
        self.field.fade_in(progress)
        return self.objective(self.draw(), progress)

    def draw(self) -> SirenBatch:
        """Points of the scan, all different, and uniform points of the box."""
        parameter = next(self.field.parameters())
        chosen = torch.randperm(len(self.scan.points), generator=self.generators["points"])[: self.method.batch]
        normals = self.scan.normals if self.method.normal_weight else None
        return SirenBatch(
            self.scan.points[chosen].to(parameter),
            None if normals is None else normals[chosen].to(parameter),
            self.uniform(self.method.off_batch, "space").to(parameter),
        )

    def objective(self, batch: SirenBatch, progress: float) -> LossTerms:
        """The terms over a batch, at ``progress`` in [0, 1) of the fit."""
        method, weight = self.method, divergence_weight(self.method, progress)
        (on, on_gradients), (off, off_gradients), second = self._evaluate(batch, weight > 0)
        parts = {
            "points": on.abs().mean() / _UNIT,
            "off": surface_area_loss(off / _UNIT),
            "eikonal": eikonal_loss(torch.cat([on_gradients, off_gradients]), squared=False),
        }
        total = method.points_weight * parts["points"] + method.off_weight * parts["off"]
        total = total + method.eikonal_weight * parts["eikonal"]
        if batch.normals is not None:
            known = (batch.normals != 0).any(dim=1)
            parts["normal"] = normal_alignment_loss(on_gradients, batch.normals, mask=known)
            total = total + method.normal_weight * parts["normal"]
        if second is not None:
            along = method.divergence == "directional"
            bent = _UNIT * second
            parts["divergence"] = directional_divergence_loss(bent, off_gradients) if along else divergence_loss(bent)
            total = total + weight * parts["divergence"]
        return LossTerms(total, parts)

    def _evaluate(
        self, batch: SirenBatch, bent: bool
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor], Tensor | None]:
        """Values and gradients at the points of the scan and of the box, and at these the second derivatives."""
        if bent:
            along = "gradient" if self.method.divergence == "directional" else "axes"
            values, gradients, second = self.field.second_order(batch.space, along=along)
            return self.field.value_and_gradient(batch.points), (values, gradients), second
        values, gradients = self.field.value_and_gradient(torch.cat([batch.points, batch.space]))
        count = len(batch.points)
        return (values[:count], gradients[:count]), (values[count:], gradients[count:]), None


def divergence_weight(method: Siren, progress: float) -> float:
    """Weight of the divergence at ``progress`` in [0, 1] of the fit; 0 for a method without one."""
    if not isinstance(method, DiGS):
        return 0.0
    begin, end = method.divergence_until
    if progress < begin:
        return method.divergence_weight
    return method.divergence_weight * max(0.0, (end - progress) / (end - begin)) if end > begin else 0.0

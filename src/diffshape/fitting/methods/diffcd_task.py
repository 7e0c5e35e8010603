"""The DiffCD objective as a training task.

    L = (L_p2s + w L_s2p) / (1 + w) + lambda L_eik + mu L_area + nu L_normal

L_p2s draws the surface to the data, L_s2p draws samples of the surface to their nearest data point (spurious sheets pay
for it), L_eik keeps f a distance. Eikonal samples: the data points of the batch, points near them, points anywhere in
the box. Source: Haerenstam-Nielsen, Sang, Saroha, Araslanov, Cremers, DiffCD, ECCV 2024.
"""

from dataclasses import replace

import torch
from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.scan_task import ScanTask
from diffshape.fitting.methods.surface_pool import SurfacePool
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import eikonal_loss, implicit_distance, surface_area_loss, surface_to_points_loss
from diffshape.training import Adam


class DiffCDTask(ScanTask[DiffCD]):
    """Fits ``field`` to a scan; the first ``method.start`` of the steps learn the scan's own distance field."""

    streams = ("batch", "noise", "pool", "start")

    def __init__(self, field: Field, target: ScanTarget, method: DiffCD, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.pool = SurfacePool(method, self.bounds, self.generators["pool"])

    @property
    def finished(self) -> bool:
        """Whether the surface was found in closed form and is to stay as it is."""
        return self.solved and not self.method.refine

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate; at that of the field if its surface was found without training."""
        return Adam(lr=self.field.learning_rate) if self.solved else super().optimizer()

    @staticmethod
    def in_miniature(method: DiffCD, points: int) -> DiffCD:
        """Few samples a step, and a coarse grid for meshing."""
        return replace(method, batch=points, surface_batch=points, pool=points, mesh_resolution=32)

    def parts(self, progress: float) -> dict[str, Tensor]:
        """Both directions of the Chamfer distance, slopes, and what else has a weight."""
        self.pool.refresh(self.field, progress)
        method, parameter, chosen = self.method, next(self.field.parameters()), self.draw()
        count = len(chosen)
        samples = torch.cat([self.scan.points[chosen], self.near(chosen), self.far(chosen)]).to(parameter)
        values, gradients = self.field.value_and_gradient(samples)
        parts = {
            "points": self._points_to_surface(samples[:count], values[:count]),
            "surface": self._surface_to_points(),
            "eikonal": eikonal_loss(gradients),
        }
        if method.area_weight:
            parts["area"] = surface_area_loss(self.field(self.anywhere(method.batch).to(parameter)))
        if method.normal_weight and (normals := self.scan.normals) is not None:
            error = gradients[:count] - normals[chosen].to(parameter)
            parts["normal"] = error.square().sum(-1).mean()
        return parts

    def weights(self) -> dict[str, float]:
        """1 / (1 + w) and w / (1 + w) for the two directions, and the weights of the settings."""
        method, share = self.method, 1 / (1 + self.method.surface_weight)
        return {
            "points": share,
            "eikonal": method.eikonal_weight,
            "surface": share * method.surface_weight,
            "area": method.area_weight,
            "normal": method.normal_weight,
        }

    def _points_to_surface(self, points: Tensor, values: Tensor) -> Tensor:
        if self.method.points_loss == "closest-point":
            return implicit_distance(self.field, points).distance
        return values.abs().mean() if self.method.points_loss == "value" else values.square().mean()

    def _surface_to_points(self) -> Tensor:
        drawn = self.pool.draw(self.field) if self.method.surface_weight else None
        if drawn is None:
            return next(self.field.parameters()).new_zeros(())
        _, nearest = self.index.query(drawn.points.to(self.scan.points))
        return surface_to_points_loss(
            self.field(drawn.points),
            drawn.gradients,
            drawn.points,
            self.scan.points[nearest].to(drawn.points),
            mask=drawn.values.abs() < self.method.tolerance,
            squared=self.method.surface_squared,
        )

    def state(self) -> dict[str, Tensor]:
        """The pool and the random streams."""
        return {**self.pool.state(), **super().state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        super().load_state(state)
        self.pool.load_state(state)

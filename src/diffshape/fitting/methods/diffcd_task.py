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
from diffshape.fitting.methods.initial_distances import InitialDistances
from diffshape.fitting.methods.surface_pool import SurfacePool
from diffshape.fitting.methods.task import FitTask
from diffshape.fitting.targets.scan_target import ScanTarget
from diffshape.losses import LossTerms, eikonal_loss, implicit_distance, surface_area_loss, surface_to_points_loss
from diffshape.ops import NeighborIndex
from diffshape.training import Adam, Exponential, Schedule, WarmupCosine

_STREAMS = ("batch", "noise", "pool", "start")
"""Names of the random streams, in the order of their seeds."""
_LOCAL_NEIGHBOR = 50
"""Neighbour of a point whose distance scales the eikonal samples near that point."""


class DiffCDTask(FitTask):
    """Fits ``field`` to a scan; the first ``method.start`` of the steps learn the scan's own distance field."""

    def __init__(self, field: Field, target: ScanTarget, method: DiffCD, *, seed: int) -> None:
        super().__init__(field, target, method, seed=seed)
        self.method, self.scan, self.bounds = method, target, target.box(field)
        self.generators = {
            name: torch.Generator().manual_seed(len(_STREAMS) * seed + stream) for stream, name in enumerate(_STREAMS)
        }
        self.index = NeighborIndex(target.points)
        self.spread = method.local_scale * _neighbor_distance(self.index, target.points)
        self.pool = SurfacePool(method, self.bounds, self.generators["pool"])
        self.solved = target.oriented and field.fit_surface(target.surface)
        self.start_share = method.start if target.oriented and not self.solved else 0.0
        self.start = InitialDistances(target, self.bounds, self.generators["start"]) if self.start_share else None

    @property
    def finished(self) -> bool:
        """Whether the surface was found in closed form and is to stay as it is."""
        return self.solved and not self.method.refine

    def optimizer(self) -> Adam:
        """Adam at the method's learning rate; at that of the field if its surface was found without training."""
        return Adam(lr=self.field.learning_rate if self.solved else self.method.learning_rate)

    def schedule(self) -> Schedule:
        """Exponential decay, or warm-up and cosine as published."""
        return Exponential(0.005) if self.method.schedule == "exponential" else WarmupCosine()

    @staticmethod
    def in_miniature(method: DiffCD, points: int) -> DiffCD:
        """Few samples a step, and a coarse grid for meshing."""
        return replace(method, batch=points, surface_batch=points, pool=points, mesh_resolution=32)

    def loss(self, step: int, progress: float) -> LossTerms:
        """The start's loss, then the objective."""
        self.field.fade_in(progress, over=0.5 * self.start_share or 0.2)
        if self.start is not None and progress < self.start_share:
            total = self.start.loss(self.field)
            return LossTerms(total, {"initial_distance": total})
        self.pool.refresh(self.field, (progress - self.start_share) / (1 - self.start_share))
        return self._objective()

    def _objective(self) -> LossTerms:
        method, parameter = self.method, next(self.field.parameters())
        chosen = torch.randperm(len(self.scan.points), generator=self.generators["batch"])[: self._batch]
        samples = torch.cat([self.scan.points[chosen], self._near(chosen), self._anywhere()]).to(parameter)
        values, gradients = self.field.value_and_gradient(samples)
        parts = {
            "points": self._points_to_surface(samples[: self._batch], values[: self._batch]),
            "surface": self._surface_to_points(),
            "eikonal": eikonal_loss(gradients),
        }
        share = 1 / (1 + method.surface_weight)
        total = share * parts["points"] + method.eikonal_weight * parts["eikonal"]
        total = total + share * method.surface_weight * parts["surface"]
        if method.area_weight:
            parts["area"] = surface_area_loss(self.field(self._anywhere(method.batch).to(parameter)))
            total = total + method.area_weight * parts["area"]
        if method.normal_weight and (normals := self.scan.normals) is not None:
            error = gradients[: self._batch] - normals[chosen].to(parameter)
            parts["normal"] = error.square().sum(-1).mean()
            total = total + method.normal_weight * parts["normal"]
        return LossTerms(total, parts)

    @property
    def _batch(self) -> int:
        return min(self.method.batch, len(self.scan.points))

    def _near(self, chosen: Tensor) -> Tensor:
        """Local samples p + N(0, s_p^2) of the first points of the batch, more than one for each if asked for."""
        count = round(self.method.local_samples * len(chosen))
        around = chosen[torch.arange(count) % len(chosen)]
        noise = torch.randn(count, 3, generator=self.generators["noise"])
        return self.scan.points[around] + self.spread[around, None] * noise

    def _anywhere(self, count: int | None = None) -> Tensor:
        """Uniform samples of the box."""
        count = round(self.method.global_samples * self._batch) if count is None else count
        low, high = self.bounds
        return torch.rand(count, 3, generator=self.generators["noise"]) * (high - low) + low

    def _points_to_surface(self, points: Tensor, values: Tensor) -> Tensor:
        if self.method.points_loss == "closest-point":
            return implicit_distance(self.field, points).distance
        return values.abs().mean() if self.method.points_loss == "value" else values.square().mean()

    def _surface_to_points(self) -> Tensor:
        drawn = self.pool.draw(self.field) if self.method.surface_weight else None
        if drawn is None:
            return next(self.field.parameters()).new_zeros(())
        _, nearest = self.index.query(drawn.points.cpu())
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
        streams = {f"random_{name}": generator.get_state() for name, generator in self.generators.items()}
        return {**self.pool.state(), **streams}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        self.pool.load_state(state)
        for name, generator in self.generators.items():
            generator.set_state(state[f"random_{name}"])


def _neighbor_distance(index: NeighborIndex, points: Tensor) -> Tensor:
    """Distance (N,) of each point to its 50th other neighbour, or the last there is."""
    squared, _ = index.query(points, k=min(_LOCAL_NEIGHBOR + 1, len(points)))
    return squared[:, -1].sqrt()

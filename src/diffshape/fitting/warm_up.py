"""A fit in miniature, so that nothing is left to compile or load when the clock of the real one starts.

The first use of a kernel compiles it, which takes longer than a short fit, and the first use in a process loads it.
"""

from dataclasses import replace

import torch

from diffshape.fields import build_field
from diffshape.fitting.fit_folder import Fit
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.optimization import optimization, task_of
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.fitting.targets.scan_target import FitTarget
from diffshape.training import own_randomness
from diffshape.training.update import Updater

_STEPS = 8
_POINTS = 128


def rehearse(fit: Fit, device: torch.device) -> None:
    """Take a few steps of the same kind, with few points and a field of its own; nothing random is used up."""
    small = in_miniature(fit)
    with own_randomness(device):
        field = build_field(small.settings.field).to(device)
        task, (optimizer, _) = task_of(small, field), optimization(small.settings, field)
        update = Updater(task.modules, optimizer)
        for step in range(_STEPS):
            update(task, step, step / _STEPS)


def in_miniature(fit: Fit) -> Fit:
    """The same fit to few points at a time: of a mesh any, of a scan the first ones."""
    method, target = fit.settings.method, fit.target
    if isinstance(target, MeshTarget):
        assert not isinstance(method, DiffCD)
        method = replace(method, batch=_POINTS, pool=_POINTS, fresh=min(method.fresh, 1))
    else:
        assert isinstance(method, DiffCD)
        method = replace(method, batch=_POINTS, surface_batch=_POINTS, pool=_POINTS, mesh_resolution=32)
        target = _first_points(target)
    return replace(fit, settings=replace(fit.settings, method=method), target=target)


def _first_points(target: FitTarget) -> FitTarget:
    normals = None if target.normals is None else target.normals[:_POINTS]
    return replace(target, points=target.points[:_POINTS], normals=normals)

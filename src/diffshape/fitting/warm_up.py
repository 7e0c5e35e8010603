"""Fit in miniature, so that nothing is left to compile or load when the clock of the real fit starts.

The first use of a kernel compiles it, which takes longer than a short fit, and the first use in a process loads it.
"""

import torch

from diffshape.fitting.fit import Fit
from diffshape.fitting.methods.table import task_class
from diffshape.training import own_randomness
from diffshape.training.update import Updater

_STEPS = 8
"""Number of steps of a fit in miniature."""
_POINTS = 128
"""Number of points in a batch, a pool and the target of a fit in miniature."""


def warm_up(fit: Fit, device: torch.device) -> None:
    """Take a few steps of the same kind, with few points and a field of its own; nothing random is used up."""
    settings = fit.settings
    make_task = task_class(settings.method)
    method = make_task.in_miniature(settings.method, _POINTS)
    with own_randomness(device):
        task = make_task(fit.new_field().to(device), fit.target.first(_POINTS), method, seed=settings.seed)
        update = Updater(task.modules, task.optimizer())
        for step in range(_STEPS):
            update(task, step, step / _STEPS)

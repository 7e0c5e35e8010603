"""What a fit is trained with, from its settings: task, optimiser, schedule, budget and threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from diffshape.fields import FeatureGrid, Field, HashGrid
from diffshape.fitting.fit_folder import Fit
from diffshape.fitting.methods.diffcd import DiffCD
from diffshape.fitting.methods.diffcd_task import DiffCDTask
from diffshape.fitting.methods.supervised import Supervised
from diffshape.fitting.methods.supervised_task import SupervisedTask
from diffshape.fitting.result import field_bounds
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.targets.mesh_target import MeshTarget
from diffshape.training import Adam, Budget, Exponential, Schedule, Seconds, Steps, Task, WarmupCosine

_RATES = {HashGrid: 2e-2, FeatureGrid: 5e-3}
_NETWORK_RATE = 1e-3
_SHORT = 2**16
"""Points times levels of a step, up to which"""
_SMALL = 2**21
"""and numbers of a field up to which one thread makes a step as fast as two."""


def task_of(fit: Fit, field: Field) -> Task:
    """What ``field`` is to learn."""
    method, seed = fit.settings.method, fit.settings.seed
    if isinstance(fit.target, MeshTarget):
        assert isinstance(method, Supervised)
        return SupervisedTask(field, fit.target.distance, method, seed=seed)
    assert isinstance(method, DiffCD)
    return DiffCDTask(field, fit.target, method, bounds=field_bounds(field, fit.target), seed=seed)


def optimization(settings: FitSettings, field: Field) -> tuple[Adam, Schedule]:
    """How the parameters of a field are moved, and how the rate falls."""
    method = settings.method
    if isinstance(method, DiffCD):
        schedule = Exponential(0.005) if method.schedule == "exponential" else WarmupCosine()
        return Adam(lr=method.learning_rate), schedule
    rate = method.learning_rate or _RATES.get(type(field), _NETWORK_RATE)
    return Adam(lr=rate, betas=(0.9, 0.99), eps=1e-15), Exponential(method.final)


@contextmanager
def threads_for(fit: Fit, field: Field) -> Iterator[None]:
    """PyTorch keeps to one thread while steps are made that are too short to share.

    Waking others costs more than they take over, and meanwhile they have true distances to compute. The number of
    threads is the process's: what else runs in it is slowed down as well.
    """
    threads, method = torch.get_num_threads(), fit.settings.method
    short = (
        isinstance(field, (HashGrid, FeatureGrid))
        and isinstance(method, Supervised)
        and field.tables.device.type == "cpu"
        and method.batch * field.grid.levels <= _SHORT
        and field.tables.numel() <= _SMALL
    )
    torch.set_num_threads(1 if short else threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def budget_of(settings: FitSettings) -> Budget:
    """Steps or seconds, whichever the settings have."""
    if settings.seconds is not None:
        return Seconds(settings.seconds)
    assert settings.steps is not None
    return Steps(settings.steps)

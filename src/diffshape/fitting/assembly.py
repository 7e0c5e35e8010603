"""What a fit is trained with, from its settings: task, optimiser, schedule and budget."""

from diffshape.fields import FeatureGrid, Field, HashGrid
from diffshape.fitting.config import DiffCD
from diffshape.fitting.diffcd import DiffCDTask
from diffshape.fitting.mesh_target import MeshTarget
from diffshape.fitting.result import field_bounds
from diffshape.fitting.run_folder import Fit
from diffshape.fitting.settings import FitSettings
from diffshape.fitting.supervised import SupervisedTask
from diffshape.fitting.supervised_config import Supervised
from diffshape.training import Adam, Budget, Exponential, Schedule, Seconds, Steps, Task, WarmupCosine

_GRID_RATE, _NETWORK_RATE = 2e-2, 5e-4


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
    rate = _GRID_RATE if isinstance(field, (HashGrid, FeatureGrid)) else _NETWORK_RATE
    return Adam(lr=method.learning_rate or rate, betas=(0.9, 0.99), eps=1e-15), Exponential(method.final)


def budget_of(settings: FitSettings) -> Budget:
    """Steps or seconds, whichever the settings have."""
    if settings.seconds is not None:
        return Seconds(settings.seconds)
    assert settings.steps is not None
    return Steps(settings.steps)

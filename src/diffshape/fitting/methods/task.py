"""Training task of a fit: its loss, optimiser and schedule, which depend on the method."""

from torch import Tensor

from diffshape.fields import Field
from diffshape.fitting.methods.config import Config, MethodConfig
from diffshape.fitting.targets.target import Target
from diffshape.training.run import RunTask


class FitTask(RunTask):
    """Training of one field on the target of a fit.

    A subclass has a ``loss``, an ``optimizer``, a ``schedule`` and ``in_miniature``, and the state that a checkpoint
    keeps beside the field, if there is any. Every subclass is made with these arguments, whether it needs them or not.
    """

    spread: Tensor | None = None
    """Standard deviation (N,) of the samples that steps draw around each point of the target; None: they draw none."""

    def __init__(self, field: Field, target: Target, method: MethodConfig, *, seed: int) -> None:
        self.field, self.modules = field, {"field": field}

    @property
    def is_short(self) -> bool:
        """Whether a step is so short that one thread makes it as fast as several."""
        return False

    @staticmethod
    def in_miniature(method: Config, points: int) -> Config:
        """The settings with batches and pools of ``points`` points, so that every kernel of a fit runs in a moment."""
        raise NotImplementedError

"""The training of one model: a loss, and the optimiser, schedule and clipping that depend on the model."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from diffshape.training import Adam, Schedule
from diffshape.training.task import ExampleTask

Model = TypeVar("Model")


class ModelTask(ExampleTask, Generic[Model]):
    """Training of one model on examples.

    A subclass has a ``loss``, an ``optimizer``, a ``schedule`` and the model as it is ``trained``.
    """

    clip: float | None = None
    """Largest gradient norm, taken over all modules; None leaves gradients as they are."""

    def optimizer(self) -> Mapping[str, Adam]:
        """Optimiser settings of each module."""
        raise NotImplementedError

    def schedule(self) -> Schedule:
        """Factor of the learning rates along the training."""
        raise NotImplementedError

    def trained(self) -> Model:
        """The model as it stands, ready to use."""
        raise NotImplementedError

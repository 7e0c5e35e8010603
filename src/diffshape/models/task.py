"""What every model answers when it is trained: its loss, and what else depends on the model."""

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
        """How the parameters of each module are moved."""
        raise NotImplementedError

    def schedule(self) -> Schedule:
        """How the learning rates change along the training."""
        raise NotImplementedError

    def trained(self) -> Model:
        """The model as it stands, ready to use."""
        raise NotImplementedError

"""The training of one model: a loss, and the optimiser, schedule and clipping that depend on the model."""

from typing import Generic, TypeVar

from diffshape.training.run import RunTask
from diffshape.training.task import ExampleTask

Model = TypeVar("Model")


class ModelTask(RunTask, ExampleTask, Generic[Model]):
    """Training of one model on examples.

    A subclass has a ``loss``, an ``optimizer``, a ``schedule`` and the model as it is ``trained``.
    """

    def trained(self) -> Model:
        """The model as it stands, ready to use."""
        raise NotImplementedError

"""A kind of training: the class of its settings, the source of its examples, and its task."""

from collections.abc import Callable
from typing import Any, NamedTuple

from diffshape.training.models.run import TaskMaker
from diffshape.training.run_settings import RunSettings


class TrainingKind(NamedTuple):
    """A row of the table of trainings."""

    settings: type[RunSettings]
    """Class of what config.yaml holds; its VERB is the kind."""
    examples: Callable[..., tuple[Any, Any]]
    """Function of the ``data`` of the settings and ``seed=``: examples to learn from, and others to be tested on."""
    prepare: Callable[[Any, Any], TaskMaker]
    """Function of the settings and of examples to learn from: what makes the task. It raises a ValueError where they
    do not suit each other, before anything is written."""

"""Training of a PSGN, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.psgn.config import STEPS, PSGNConfig
from diffshape.models.psgn.model import PSGN
from diffshape.models.psgn.settings import PSGNSettings
from diffshape.models.psgn.task import PSGNTask
from diffshape.models.psgn.views import Views, views_of
from diffshape.models.training_shapes import training_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker

_POINTS = 2048
"""Points on each shape that is drawn or read, of which those of a step are drawn."""
_VIEWS = 8
"""Pictures of each shape that is drawn or read."""


@checked
def train_psgn(
    shapes: ShapeSet,
    config: PSGNConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[PSGN]:
    """Learn to answer an image with points: S = G(I, r), one answer for each random vector r ~ N(0, I).

        loss = mean_b min_j d(G(I_b, r_j), S_b),   j = 1..n

    over images I_b of random shapes and views, whose true points are S_b; n and d are settings. Other schemes have one
    answer, or the loss of a conditional VAE. What a plain loss makes of an image that leaves something open is the mean
    of what it may be; the best of n answers can be right.

    Args:
        shapes: Shapes with points and images of the size of the network, and with the views of the images unless the
            config asks for answers in the coordinates of the set.
        config: Network, scheme and loss; ``PSGNConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            2000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, batches and random vectors; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``PSGN``.

    Raises:
        ValueError: The shapes have no points, images or views, or those of another size; steps and seconds are both
            given, the folder already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Fan, Su, Guibas, A Point Set Generation Network for 3D Object Reconstruction from a Single Image, CVPR 2017.

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import PSGNConfig, PSGNNetwork
    >>> views = torch.eye(3).expand(2, 1, 3, 3)
    >>> shapes = ShapeSet(
    ...     names=("a", "b"), points=torch.rand(2, 64, 3), images=torch.rand(2, 1, 16, 16), views=views
    ... )
    >>> network = PSGNNetwork(size=(16, 16), widths=(4, 8, 8), hidden=(32,), points=50)
    >>> result = train_psgn(shapes, PSGNConfig(network=network, target_points=64), steps=2)
    >>> assert shapes.images is not None
    >>> result.model.predict(shapes.images, count=3).shape
    torch.Size([2, 3, 50, 3])
    """
    return begin_training(
        "train_psgn",
        PSGN_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or PSGNConfig(),
    )


def prepared(settings: PSGNSettings, shapes: ShapeSet) -> TaskMaker[PSGN]:
    """The function that makes the task of a training, on a device.

    Raises:
        ValueError: The shapes lack something, or it has another size than the config wants.
    """
    return partial(_new_task, settings, views_of(shapes, settings.config, by="train_psgn"))


def _new_task(settings: PSGNSettings, views: Views, device: torch.device) -> PSGNTask:
    return PSGNTask(PSGN(settings.config).to(device), views.to(device), seed=settings.seed)


PSGN_TRAINING = TrainingKind(PSGNSettings, partial(training_shapes, points=_POINTS, views=_VIEWS), prepared)
"""The row of the table of trainings."""

"""Training of the PointNet autoencoder, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape.data import ShapeSet
from diffshape.models.autoencoders.point_net import PointNetModel
from diffshape.models.autoencoders.point_net_config import STEPS, PointNetConfig
from diffshape.models.autoencoders.settings import AutoencoderSettings
from diffshape.models.autoencoders.task import AutoencoderTask
from diffshape.models.clouds import STORED_POINTS
from diffshape.models.training_shapes import training_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_autoencoder(
    shapes: ShapeSet,
    config: PointNetConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[PointNetModel]:
    """Learn codes of point clouds: a PointNet encoder and a perceptron that makes all points at once.

        loss = d(decode(encode(x)), x), d the Chamfer distance mean a^2 + mean b^2 or the earth mover's distance

    over batches of clouds x of ``config.network.points`` points, drawn anew in each step from those of each shape.

    Args:
        shapes: Shapes with ``points``, (S, N, 3), about the cube from -1/2 to 1/2; N at least
            ``config.network.points`` for the earth mover's distance, which compares as many points as it is given.
        config: Network, loss and batches; ``PointNetConfig()`` if not given, ``PUBLISHED_POINT_NET`` as published.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            1000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``PointNetModel`` in evaluation mode.

    Raises:
        ValueError: There is no shape, shapes have no points or too few, steps and seconds are both given, the folder
            already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Achlioptas, Diamanti, Mitliagkas, Guibas, Learning Representations and Generative Models for 3D Point
    Clouds, ICML 2018, whose encoder ends in a ReLU, as ``PUBLISHED_POINT_NET`` has it.

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import PointNetConfig, PointNetNetwork
    >>> shapes = ShapeSet(names=("a", "b"), points=torch.rand(2, 100, 3) - 0.5)
    >>> small = PointNetConfig(network=PointNetNetwork(points=50, latent=8))
    >>> model = train_autoencoder(shapes, small, steps=2).model
    >>> codes = model.codes_of(shapes)
    >>> codes.shape, model.decode_codes(codes).shape
    (torch.Size([2, 8]), torch.Size([2, 50, 3]))
    """
    return begin_training(
        "train_autoencoder",
        AUTOENCODER_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or PointNetConfig(),
    )


def prepared(settings: AutoencoderSettings, shapes: Any) -> TaskMaker[PointNetModel]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: ``shapes`` are not a ``ShapeSet``.
        ValueError: There is no shape, or shapes have no points, or too few.
    """
    check("train_autoencoder: shapes", ShapeSet, shapes)
    (clouds,) = shapes.require("points", by="train_autoencoder")
    config = settings.config
    if config.loss == "earth_mover" and clouds.shape[1] < config.network.points:
        raise ValueError(
            f"train_autoencoder: shapes must have {config.network.points} points or more, as many as the network "
            f"makes, for the loss earth_mover; got {clouds.shape[1]}"
        )
    return partial(_new_task, settings, clouds)


def _new_task(settings: AutoencoderSettings, clouds: Float[Tensor, "s n 3"], device: torch.device) -> AutoencoderTask:
    return AutoencoderTask(PointNetModel(settings.config).to(device), clouds.to(device), seed=settings.seed)


AUTOENCODER_TRAINING = TrainingKind(AutoencoderSettings, partial(training_shapes, points=STORED_POINTS), prepared)
"""The row of the table of trainings."""

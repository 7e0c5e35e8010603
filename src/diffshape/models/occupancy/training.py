"""Training of an Occupancy Network, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.occupancy.batches import ShapeBatches
from diffshape.models.occupancy.config import STEPS, OccupancyConfig
from diffshape.models.occupancy.model import OccupancyNetwork
from diffshape.models.occupancy.settings import OccupancySettings
from diffshape.models.occupancy.task import OccupancyTask
from diffshape.models.training_shapes import training_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_occupancy(
    shapes: ShapeSet,
    config: OccupancyConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[OccupancyNetwork]:
    """Learn a family of shapes: an encoder to codes z, and a decoder f(p, z), the logit of a point p being inside.

        loss = mean over shapes of [ sum_k BCE(f(p_k, z), o_k) + kl_weight KL(q(z) | N(0, 1)) ]

    over points p_k in space with occupancies o_k; the divergence is there with ``input="occupancies"`` alone.

    Args:
        shapes: Shapes with ``volume_points`` and ``occupancies``, ``near_points`` and ``near_occupancies`` unless
            ``config.near`` is 0, and what the encoder reads: ``points``, ``voxels`` or ``images``.
        config: Networks, loss and sampling; ``OccupancyConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            3000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, batches and codes; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is an ``OccupancyNetwork``.

    Raises:
        ValueError: There is no shape, or the shapes lack a part, steps and seconds are both given, the folder already
            holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Mescheder et al., Occupancy Networks, CVPR 2019.

    >>> from diffshape.data import ShapeSet
    >>> points = torch.rand(2, 500, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    >>> inside = points.norm(dim=-1) < torch.tensor([[0.3], [0.4]])  # two balls
    >>> balls = ShapeSet(names=("small", "large"), volume_points=points, occupancies=inside)
    >>> config = OccupancyConfig(input="occupancies", near=0.0, width=32)
    >>> result = train_occupancy(balls, config, steps=2)
    >>> result.model.codes_of(balls).shape, result.step
    (torch.Size([2, 64]), 2)
    """
    return begin_training(
        "train_occupancy",
        OCCUPANCY_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or OccupancyConfig(),
    )


def prepared(settings: OccupancySettings, shapes: ShapeSet) -> TaskMaker[OccupancyNetwork]:
    """The function that makes the task of a training, on a device.

    Raises:
        ValueError: There is no shape, or the shapes lack a part that is needed.
    """
    ShapeBatches(shapes, settings.config)  # which says what is missing
    return partial(_new_task, settings, shapes)


def _new_task(settings: OccupancySettings, shapes: ShapeSet, device: torch.device) -> OccupancyTask:
    model = OccupancyNetwork(settings.config).to(device)
    return OccupancyTask(model, shapes.to(device), seed=settings.seed)


OCCUPANCY_TRAINING = TrainingKind(
    OccupancySettings,
    partial(
        training_shapes, points=2048, volume_points=4096, near_points=4096, resolution=32, views=4, image_files=False
    ),
    prepared,
)
"""The row of the table of trainings."""

"""Training of an IM-NET, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from diffshape._arguments import check, checked
from diffshape.data import ShapeSet
from diffshape.models.imnet.config import STEPS, ImNetConfig
from diffshape.models.imnet.model import ImNet
from diffshape.models.imnet.settings import ImNetSettings
from diffshape.models.imnet.task import ImNetTask
from diffshape.models.training_shapes import training_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_imnet(
    shapes: ShapeSet,
    config: ImNetConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[ImNet]:
    """Learn a family of shapes: an encoder E from voxels to codes, and a decoder f from a point and a code to a number.

        loss = mean (f(x_ij, E(v_i)) - o_ij)^2

    over cells of shapes with voxels v_i, their middles x_ij and occupancies o_ij, 0 or 1: coarse cells first, fine ones
    last, and most of them near the surface. The optimiser goes on from one resolution to the next as it stands.

    Args:
        shapes: Shapes with ``voxels``, as many a side as a multiple of every number in ``config.stages`` and of
            ``config.network.resolution``.
        config: Networks, stages and sampling; ``ImNetConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            3000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its stages are laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of cells, weights and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is an ``ImNet``.

    Raises:
        ValueError: There is no shape, the shapes have no voxels or not as many as the config wants, steps and seconds
            are both given, the folder already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Chen, Zhang, Learning Implicit Fields for Generative Shape Modeling, CVPR 2019.

    >>> from diffshape.data import ShapeSet
    >>> voxels = torch.zeros(2, 32, 32, 32, dtype=torch.bool)
    >>> voxels[0, 8:24, 8:24, 8:24] = voxels[1, 4:28, 12:20, 4:28] = True
    >>> shapes = ShapeSet(names=("cube", "plate"), voxels=voxels)
    >>> config = ImNetConfig(stages=(8, 16, 32), cells=(512, 1024, 4096), points=256)
    >>> result = train_imnet(shapes, config, steps=4)
    >>> result.model.codes_of(shapes).shape, result.step
    (torch.Size([2, 64]), 4)
    """
    return begin_training(
        "train_imnet",
        IMNET_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or ImNetConfig(),
    )


def prepared(settings: ImNetSettings, shapes: ShapeSet) -> TaskMaker[ImNet]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: ``shapes`` is not a ``ShapeSet``.
        ValueError: There is no shape, or the shapes have no voxels, or not as many a side as the config wants.
    """
    check("train_imnet: shapes", ShapeSet, shapes)
    (voxels,) = shapes.require("voxels", by="train_imnet")
    config, side = settings.config, voxels.shape[-1]
    for name, sizes in (("stages", config.stages), ("network.resolution", (config.network.resolution,))):
        if any(side % size for size in sizes):
            raise ValueError(
                f"train_imnet: voxels a side must be a multiple of config.{name} = {', '.join(map(str, sizes))}, "
                f"got {side}"
            )
    return partial(_new_task, settings, shapes)


def _new_task(settings: ImNetSettings, shapes: ShapeSet, device: torch.device) -> ImNetTask:
    return ImNetTask(ImNet(settings.config).to(device), shapes.to(device), seed=settings.seed)


IMNET_TRAINING = TrainingKind(
    ImNetSettings,
    partial(training_shapes, points=2048, volume_points=4096, resolution=64, views=8, image_files=False),
    prepared,
)
"""The row of the table of trainings."""

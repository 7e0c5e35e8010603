"""Training of a DeepSDF, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from diffshape._arguments import checked
from diffshape.fields import LatentMLP
from diffshape.models.deep_sdf.config import STEPS, DeepSDFConfig
from diffshape.models.deep_sdf.examples import deep_sdf_shapes
from diffshape.models.deep_sdf.model import DeepSDF
from diffshape.models.deep_sdf.samples import FamilySamples, Shapes, SidedPool, sample_family
from diffshape.models.deep_sdf.settings import DeepSDFSettings
from diffshape.models.deep_sdf.task import DeepSDFTask
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_deep_sdf(
    shapes: Shapes | FamilySamples,
    config: DeepSDFConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[DeepSDF]:
    """Learn a family of shapes: one network f, and a code z_i for each shape, found together (an "auto-decoder").

        loss = mean |clamp(f(z_i, x)) - clamp(s_i(x))| + code_weight min(1, progress / code_ramp) mean |z_i|

    over points x about the shapes, half of them inside, with s_i the exact signed distance and clamp to +-0.1.

    Args:
        shapes: Closed meshes, placed and oriented alike, as paths, ``trimesh.Trimesh`` or (vertices, faces); or a
            ``data.shape_family``, or a dictionary by names, which errors then call them by. Their sizes are part of
            what is learnt: nothing is scaled to fit. Or what ``sample_family`` made of them, with this config and seed.
        config: Network, loss and sampling; ``DeepSDFConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            2000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out. It begins when the points
            are drawn and their distances known.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of points, weights, batches and dropout; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``DeepSDF``.

    Raises:
        ValueError: There is no shape, one has no inside or is no mesh, steps and seconds are both given, the folder
            already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Park et al., DeepSDF, CVPR 2019, equations 9 and 10, with the norm of the released code, not its square.

    >>> from diffshape import data, models
    >>> result = train_deep_sdf(data.shape_family("ellipsoid", 3), models.DeepSDFConfig(samples=500), steps=2)
    >>> result.model.codes.shape, result.step
    (torch.Size([3, 16]), 2)
    """
    return begin_training(
        "train_deep_sdf",
        DEEP_SDF_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or DeepSDFConfig(),
    )


def prepared(settings: DeepSDFSettings, shapes: Any) -> TaskMaker[DeepSDF]:
    """The function that makes the task of a training, on a device; points are drawn about the shapes here.

    Raises:
        ValueError: There is no shape, or some are no meshes or have no inside.
    """
    sampled = isinstance(shapes, FamilySamples)
    samples = shapes if sampled else sample_family(shapes, settings.config, seed=settings.seed)
    return partial(_new_task, settings, samples)


def _new_task(settings: DeepSDFSettings, samples: FamilySamples, device: torch.device) -> DeepSDFTask:
    pool = SidedPool(*(part.to(device) for part in (samples.pool.points, samples.pool.distances, samples.pool.inside)))
    generator = torch.Generator()
    generator.set_state(samples.generator_state)
    field = LatentMLP(settings.config.network, shapes=len(pool.inside), generator=generator).to(device)
    return DeepSDFTask(DeepSDF(field, samples.frame, settings.config), pool, seed=settings.seed)


DEEP_SDF_TRAINING = TrainingKind(DeepSDFSettings, deep_sdf_shapes, prepared)
"""The row of the table of trainings."""

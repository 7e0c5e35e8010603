"""Training of a vector-set autoencoder, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from diffshape._arguments import check, checked
from diffshape.data import ShapeSet
from diffshape.models.training_shapes import training_shapes
from diffshape.models.vecset.config import STEPS, VecSetConfig
from diffshape.models.vecset.model import VecSet
from diffshape.models.vecset.settings import VecSetSettings
from diffshape.models.vecset.task import VecSetTask, parts_of
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_vecset(
    shapes: ShapeSet,
    config: VecSetConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[VecSet]:
    """Learn a family of shapes: an encoder from surface points to a set of vectors z, and a decoder f, which gives the
    logit of a point in space being inside.

        loss = mean BCE(f(x, z), o) + near_weight mean BCE(f(x', z), o') + kl_weight KL(q(z) | N(0, 1))

    over points x in the volume and x' near the surface, with occupancies o and o'; the divergence, a mean over its
    numbers, is there with a bottleneck alone.

    Args:
        shapes: Shapes with ``points``, ``volume_points`` and ``occupancies``, and ``near_points`` and
            ``near_occupancies`` unless ``config.near`` is 0.
        config: Networks, loss and sampling; ``VecSetConfig()`` if not given.
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
        A ``TrainingResult``, whose ``model`` is a ``VecSet``.

    Raises:
        ValueError: There is no shape, or the shapes lack a part, steps and seconds are both given, the folder already
            holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Zhang, Tang, Niessner, Wonka, 3DShape2VecSet, SIGGRAPH 2023.

    >>> from torch.nn.functional import normalize
    >>> from diffshape.data import ShapeSet
    >>> noise = torch.randn(2, 500, 3, generator=torch.Generator().manual_seed(0))
    >>> radii = torch.tensor([0.3, 0.4])[:, None]
    >>> points = 0.5 * noise.clamp(-1, 1)
    >>> balls = ShapeSet(
    ...     names=("small", "large"),
    ...     points=radii[..., None] * normalize(noise, dim=-1),
    ...     volume_points=points,
    ...     occupancies=points.norm(dim=-1) < radii,
    ... )
    >>> result = train_vecset(balls, VecSetConfig(near=0), steps=2)
    >>> result.model.codes_of(balls).shape, result.step
    (torch.Size([2, 2048]), 2)
    """
    return begin_training(
        "train_vecset",
        VECSET_TRAINING,
        lambda: shapes,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or VecSetConfig(),
    )


def prepared(settings: VecSetSettings, shapes: ShapeSet) -> TaskMaker[VecSet]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: ``shapes`` is not a ``ShapeSet``.
        ValueError: There is no shape, or the shapes lack a part that is needed.
    """
    check("train_vecset: shapes", ShapeSet, shapes)
    parts_of(shapes, settings.config)
    return partial(_new_task, settings, shapes)


def _new_task(settings: VecSetSettings, shapes: ShapeSet, device: torch.device) -> VecSetTask:
    return VecSetTask(VecSet(settings.config).to(device), shapes.to(device), seed=settings.seed)


VECSET_TRAINING = TrainingKind(
    VecSetSettings, partial(training_shapes, points=2048, volume_points=4096, near_points=4096), prepared
)
"""The row of the table of trainings."""

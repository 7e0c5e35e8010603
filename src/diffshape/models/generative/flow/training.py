"""Training of a flow on codes, and what makes its task from settings, an autoencoder and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.generative.codes_to_learn import CodedShapes, codes_to_learn
from diffshape.models.generative.flow.config import STEPS, FlowConfig
from diffshape.models.generative.flow.latent_flow import LatentFlow
from diffshape.models.generative.flow.settings import FlowSettings
from diffshape.models.generative.flow.task import FlowTask
from diffshape.models.generative.trained_autoencoder import coded_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_flow(
    autoencoder: nn.Module,
    shapes: ShapeSet,
    config: FlowConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[LatentFlow]:
    """Learn a flow from noise to the codes of shapes: the velocity of straight paths from one to the other.

        loss = mean |v((1 - t) x_0 + t x_1, t) - (x_1 - x_0)|^2

    over codes x_1, brought to mean 0 and standard deviation 1, noise x_0 and times t. There is no adversary.

    Args:
        autoencoder: A trained model with ``codes_of``, ``decode_codes`` and ``save``. It is not changed: the generator
            keeps a frozen copy.
        shapes: Shapes whose codes are learnt, in the form that the autoencoder reads.
        config: Network, batches and solver; ``FlowConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            4000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, noise and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training(folder, (autoencoder, shapes))`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``LatentFlow``.

    Raises:
        TypeError: ``autoencoder`` has no codes.
        ValueError: There is no shape, shapes do not suit the autoencoder, steps and seconds are both given, the folder
            already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Lipman et al., Flow Matching for Generative Modeling, ICLR 2023.

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import PointNetConfig, PointNetNetwork, build_model
    >>> shapes = ShapeSet(names=("a", "b"), points=torch.rand(2, 100, 3) - 0.5)
    >>> autoencoder = build_model(PointNetConfig(network=PointNetNetwork(points=50, latent=8)))
    >>> train_flow(autoencoder, shapes, steps=2).model.sample(4, seed=1).shape
    torch.Size([4, 50, 3])
    """
    return begin_training(
        "train_flow",
        FLOW_TRAINING,
        lambda: CodedShapes(autoencoder, shapes),
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or FlowConfig(),
    )


def prepared(settings: FlowSettings, examples: Any) -> TaskMaker[LatentFlow]:
    """The function that makes the task of a training, on a device; the codes are found here.

    Raises:
        TypeError, ValueError: As ``codes_to_learn``.
    """
    autoencoder, codes = codes_to_learn("train_flow", examples)
    return partial(_new_task, settings, autoencoder, codes)


def _new_task(
    settings: FlowSettings, autoencoder: nn.Module, codes: Float[Tensor, "s c"], device: torch.device
) -> FlowTask:
    model = LatentFlow(autoencoder, settings.config, codes.shape[1]).to(device)
    return FlowTask(model, codes.to(device), seed=settings.seed)


FLOW_TRAINING = TrainingKind(FlowSettings, coded_shapes, prepared)
"""The row of the table of trainings."""

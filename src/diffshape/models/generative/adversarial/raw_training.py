"""Training of a GAN of point clouds, and what makes its task from settings and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape.data import ShapeSet
from diffshape.models.clouds import STORED_POINTS, draw_clouds
from diffshape.models.generative.adversarial.config import RAW_STEPS, RawGANConfig
from diffshape.models.generative.adversarial.networks import CloudCritic
from diffshape.models.generative.adversarial.raw_gan import RawGAN
from diffshape.models.generative.adversarial.settings import RawGANSettings
from diffshape.models.generative.adversarial.task import AdversarialTask
from diffshape.models.training_shapes import training_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_raw_gan(
    shapes: ShapeSet,
    config: RawGANConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[RawGAN]:
    """Learn to draw point clouds of a family from noise, by a critic that compares them with real ones.

    It is the simplest generator and the worst: clouds of a latent GAN, a mixture or a flow on the codes of an
    autoencoder are nearer to real ones.

    Args:
        shapes: Shapes with ``points``, (S, N, 3), N at least ``config.points``, of which each step draws some.
        config: Objective, networks and batches; ``RawGANConfig()`` if not given, ``PUBLISHED_RAW_GAN`` as published.
        steps: Updates, of which ``config.critic_steps`` are the critic's, then one the generator's, and so on; with
            them a training is deterministic on one CPU with one number of threads. 3000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, noise and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``RawGAN``.

    Raises:
        ValueError: There is no shape, shapes have no points or too few, steps and seconds are both given, the folder
            already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Achlioptas, Diamanti, Mitliagkas, Guibas, ICML 2018 (r-GAN); Gulrajani et al., NeurIPS 2017 (WGAN-GP).

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import RawGANConfig
    >>> shapes = ShapeSet(names=("a", "b"), points=torch.rand(2, 100, 3) - 0.5)
    >>> train_raw_gan(shapes, RawGANConfig(points=50), steps=6).model.sample(4, seed=1).shape
    torch.Size([4, 50, 3])
    """
    return begin_training(
        "train_raw_gan",
        RAW_GAN_TRAINING,
        lambda: shapes,
        usual=RAW_STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or RawGANConfig(),
    )


def prepared(settings: RawGANSettings, shapes: Any) -> TaskMaker[RawGAN]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: ``shapes`` are not a ``ShapeSet``.
        ValueError: There is no shape, or shapes have no points, or too few.
    """
    check("train_raw_gan: shapes", ShapeSet, shapes)
    (clouds,) = shapes.require("points", by="train_raw_gan")
    if clouds.shape[1] < settings.config.points:
        raise ValueError(
            f"train_raw_gan: config: points must be at most {clouds.shape[1]}, as many as each shape has, "
            f"got {settings.config.points}"
        )
    return partial(_new_task, settings, clouds)


def _new_task(
    settings: RawGANSettings, clouds: Float[Tensor, "s n 3"], device: torch.device
) -> AdversarialTask[RawGAN]:
    config, clouds = settings.config, clouds.to(device)
    model, critic = RawGAN(config).to(device), CloudCritic(config).to(device)
    if config.standardized:
        model.scale.measure(clouds.flatten(0, 1))
    real = model.scale.standardized(clouds)

    def draw(batch: int, generator: torch.Generator) -> Tensor:
        return draw_clouds(real, batch, config.points, generator)

    return AdversarialTask(model, critic, config, clouds, draw, seed=settings.seed)


RAW_GAN_TRAINING = TrainingKind(RawGANSettings, partial(training_shapes, points=STORED_POINTS), prepared)
"""The row of the table of trainings."""

"""Training of a GAN of codes, and what makes its task from settings, an autoencoder and shapes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from diffshape._arguments import checked
from diffshape.data import ShapeSet
from diffshape.models.generative.adversarial.config import LATENT_STEPS, LatentGANConfig
from diffshape.models.generative.adversarial.latent_gan import LatentGAN
from diffshape.models.generative.adversarial.networks import code_critic
from diffshape.models.generative.adversarial.settings import LatentGANSettings
from diffshape.models.generative.adversarial.task import AdversarialTask
from diffshape.models.generative.codes_to_learn import CodedShapes, codes_to_learn
from diffshape.models.generative.trained_autoencoder import coded_shapes
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker

_RANGES = {"relu": (0.0, float("inf")), "sigmoid": (0.0, 1.0)}
"""Ranges of the codes that the outputs of a generator reach; a linear one reaches all."""


@checked
def train_latent_gan(
    autoencoder: nn.Module,
    shapes: ShapeSet,
    config: LatentGANConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[LatentGAN]:
    """Learn to draw the codes of shapes from noise, by a critic that compares them with the codes of real shapes.

    Args:
        autoencoder: A trained model with ``codes_of``, ``decode_codes`` and ``save``. It is not changed: the generator
            keeps a frozen copy.
        shapes: Shapes whose codes are learnt, in the form that the autoencoder reads.
        config: Objective, networks and batches; ``LatentGANConfig()``, a Wasserstein GAN with gradient penalty, if not
            given; ``PUBLISHED_LATENT_GAN`` as published.
        steps: Updates, of which ``config.critic_steps`` are the critic's, then one the generator's, and so on; with
            them a training is deterministic on one CPU with one number of threads. 12000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, noise and batches; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training(folder, (autoencoder, shapes))`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``LatentGAN``.

    Raises:
        TypeError: ``autoencoder`` has no codes.
        ValueError: There is no shape, shapes do not suit the autoencoder, codes are out of the range of
            ``config.output``, steps and seconds are both given, the folder already holds a run, or the device is not
            here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Achlioptas, Diamanti, Mitliagkas, Guibas, ICML 2018 (l-GAN, l-WGAN); Gulrajani et al., NeurIPS 2017.

    >>> from diffshape.data import ShapeSet
    >>> from diffshape.models import PointNetConfig, PointNetNetwork, build_model
    >>> shapes = ShapeSet(names=("a", "b"), points=torch.rand(2, 100, 3) - 0.5)
    >>> autoencoder = build_model(PointNetConfig(network=PointNetNetwork(points=50, latent=8)))
    >>> train_latent_gan(autoencoder, shapes, steps=6).model.sample(4, seed=1).shape
    torch.Size([4, 50, 3])
    """
    return begin_training(
        "train_latent_gan",
        LATENT_GAN_TRAINING,
        lambda: CodedShapes(autoencoder, shapes),
        usual=LATENT_STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or LatentGANConfig(),
    )


def prepared(settings: LatentGANSettings, examples: Any) -> TaskMaker[LatentGAN]:
    """The function that makes the task of a training, on a device; the codes are found here.

    Raises:
        TypeError, ValueError: As ``codes_to_learn``; or codes are out of the range of the output.
    """
    autoencoder, codes = codes_to_learn("train_latent_gan", examples)
    output = settings.config.output
    if output in _RANGES:
        low, high = _RANGES[output]
        if not bool(((codes >= low) & (codes <= high)).all()):
            raise ValueError(
                f'train_latent_gan: config: output "{output}" makes codes from {low:g} to {high:g}, those of the '
                f'shapes reach from {codes.min():.3g} to {codes.max():.3g}; "linear" makes any'
            )
    return partial(_new_task, settings, autoencoder, codes)


def _new_task(
    settings: LatentGANSettings, autoencoder: nn.Module, codes: Float[Tensor, "s c"], device: torch.device
) -> AdversarialTask[LatentGAN]:
    config, codes = settings.config, codes.to(device)
    model = LatentGAN(autoencoder, config, codes.shape[1]).to(device)
    critic = code_critic(config, codes.shape[1]).to(device)
    if config.output == "linear":
        model.scale.measure(codes)
    real = model.scale.standardized(codes)

    def draw(batch: int, generator: torch.Generator) -> Tensor:
        return real[torch.randperm(len(real), generator=generator)[:batch].to(real.device)]

    return AdversarialTask(model, critic, config, codes, draw, seed=settings.seed)


LATENT_GAN_TRAINING = TrainingKind(LatentGANSettings, coded_shapes, prepared)
"""The row of the table of trainings."""

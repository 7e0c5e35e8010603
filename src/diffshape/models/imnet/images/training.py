"""Training from images to the codes of a trained IM-NET, and what makes its task."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from diffshape._arguments import check, checked
from diffshape.data import ShapeSet
from diffshape.models.generative.codes_to_learn import CodedShapes, codes_to_learn
from diffshape.models.generative.trained_autoencoder import coded_shapes
from diffshape.models.imnet.images.config import STEPS, ImNetImagesConfig
from diffshape.models.imnet.images.model import ImNetFromImages
from diffshape.models.imnet.images.settings import ImNetImagesSettings
from diffshape.models.imnet.images.task import ImageCodesTask
from diffshape.models.imnet.model import ImNet
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker


@checked
def train_imnet_images(
    autoencoder: ImNet,
    shapes: ShapeSet,
    config: ImNetImagesConfig | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[ImNetFromImages]:
    """Learn to see the code of a shape in one image of it: a network E from images to the codes of a trained IM-NET.

        loss = mean (E(image) - code)^2

    Args:
        autoencoder: A trained IM-NET. It is not changed: the model keeps a frozen copy in evaluation mode.
        shapes: Shapes with the ``voxels`` that the autoencoder reads, and ``images`` of ``config.size`` pixels a side.
        config: Network and batches; ``ImNetImagesConfig()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            1000 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, batches and views; torch's global generator stands afterwards where it stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training(folder, (autoencoder, shapes))`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is an ``ImNetFromImages``.

    Raises:
        ValueError: There is no shape, the shapes have no voxels or no images of that size, steps and seconds are both
            given, the folder already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    Source: Chen, Zhang, Learning Implicit Fields for Generative Shape Modeling, CVPR 2019, section 4.4 (IM-SVR).

    >>> from diffshape.models import ImNetConfig
    >>> shapes = ShapeSet(
    ...     names=("full", "empty"),
    ...     voxels=torch.arange(2)[:, None, None, None].expand(2, 32, 32, 32) < 1,
    ...     images=torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)),
    ... )
    >>> model = train_imnet_images(ImNet(ImNetConfig()).eval(), shapes, steps=2).model
    >>> model.codes_of(shapes).shape
    torch.Size([2, 64])
    """
    return begin_training(
        "train_imnet_images",
        IMNET_IMAGES_TRAINING,
        lambda: CodedShapes(autoencoder, shapes),
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        config=config or ImNetImagesConfig(),
    )


def prepared(settings: ImNetImagesSettings, examples: Any) -> TaskMaker[ImNetFromImages]:
    """The function that makes the task of a training, on a device.

    Raises:
        TypeError: The examples are not an ``ImNet`` and a ``ShapeSet``.
        ValueError: There is no shape, or the shapes have no voxels, or no images of the right size.
    """
    autoencoder, codes = codes_to_learn("train_imnet_images", examples)
    check("train_imnet_images: autoencoder", ImNet, autoencoder)
    (images,) = examples[1].require("images", by="train_imnet_images")
    size = settings.config.size
    if images.shape[2:] != (size, size) or not images.shape[1]:
        raise ValueError(
            f"train_imnet_images: images must be {size} x {size} like config.size, one view or more, "
            f"got {tuple(images.shape)}"
        )
    return partial(_new_task, settings, autoencoder, images, codes)


def _new_task(
    settings: ImNetImagesSettings,
    autoencoder: Any,
    images: Float[Tensor, "s v h w"],
    codes: Float[Tensor, "s l"],
    device: torch.device,
) -> ImageCodesTask:
    model = ImNetFromImages(autoencoder, settings.config).to(device)
    return ImageCodesTask(model, images.to(device), codes.to(device), seed=settings.seed)


IMNET_IMAGES_TRAINING = TrainingKind(ImNetImagesSettings, coded_shapes, prepared)
"""The row of the table of trainings."""

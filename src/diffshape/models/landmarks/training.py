"""Training of a landmark network, fresh or one that is already trained."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from diffshape._arguments import check, checked
from diffshape._bounds import check_budget
from diffshape.data import LandmarkImages
from diffshape.models.landmarks.config import (
    LandmarkObjective,
    LandmarkTraining,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
    NetworkConfig,
    check_size,
)
from diffshape.models.landmarks.detector import LandmarkDetector
from diffshape.models.landmarks.examples import landmark_data
from diffshape.models.landmarks.settings import STEPS, LandmarkSettings
from diffshape.models.landmarks.task import LandmarkTask
from diffshape.models.landmarks.transformer import backbone_library
from diffshape.training.models.begin import begin_training
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, TaskMaker, run_training
from diffshape.training.progress import with_progress
from diffshape.training.run_settings import steps_or


@checked
def train_landmarks(
    data: LandmarkImages,
    network: NetworkConfig | None = None,
    objective: LandmarkObjective | None = None,
    training: LandmarkTraining | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    device: torch.device | str = "auto",
    seed: int = 0,
    folder: str | Path | None = None,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[LandmarkDetector]:
    """Train a network that finds landmarks in images.

    Args:
        data: Images to learn from.
        network: Which network; ``LandmarkUNetConfig()`` if not given.
        objective: Losses, and how landmarks are read from heat-maps; ``LandmarkObjective()`` if not given.
        training: Batches, learning rate and changes of the images; ``LandmarkTraining()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            600 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        seed: Seed of weights, batches and changes of the images; torch's global generator stands afterwards where it
            stood.
        folder: Keep the settings, a log, checkpoints and the final model here; ``models.load`` reads the model, and
            ``resume_training`` goes on with a training that was interrupted.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is a ``LandmarkDetector``.

    Raises:
        ValueError: There is no image, a size does not suit the network, steps and seconds are both given, the folder
            already holds a run, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from diffshape.data import spine_phantoms
    >>> from diffshape.models import LandmarkUNetConfig
    >>> result = train_landmarks(spine_phantoms(4), LandmarkUNetConfig(widths=(8, 8, 8)), steps=2)
    >>> result.step, result.model.detect(spine_phantoms(1, seed=1).images).landmarks.shape
    (2, torch.Size([1, 22, 2]))
    """
    return begin_training(
        "train_landmarks",
        LANDMARK_TRAINING,
        lambda: data,
        usual=STEPS,
        steps=steps,
        seconds=seconds,
        seed=seed,
        device=device,
        folder=folder,
        progress=progress,
        observers=observers,
        network=network or LandmarkUNetConfig(),
        objective=objective or LandmarkObjective(),
        training=training or LandmarkTraining(),
    )


@checked
def train_detector(
    detector: LandmarkDetector,
    data: LandmarkImages,
    training: LandmarkTraining | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult[LandmarkDetector]:
    """Train a detector further, such as one that ``models.load`` read, in place and on the device where it is.

    Args:
        detector: The detector to train.
        data: Images to learn from.
        training: Batches, learning rate and changes of the images; ``LandmarkTraining()`` if not given.
        steps: Optimiser steps; with them a training is deterministic on one CPU with one number of threads.
            600 unless ``seconds`` is given.
        seconds: Wall-clock budget of the optimisation, to which its schedule is laid out.
        seed: Seed of batches, changes of the images and dropout; torch's global generator stands afterwards where it
            stood.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Returns:
        A ``TrainingResult``, whose ``model`` is the detector.

    Raises:
        ValueError: There is no image, a size does not suit the network, or steps and seconds are both given.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from diffshape.data import spine_phantoms
    >>> from diffshape.models import LandmarkUNetConfig
    >>> images = spine_phantoms(4)
    >>> detector = LandmarkDetector(images.skeleton, LandmarkUNetConfig(widths=(8, 8, 8)))
    >>> train_detector(detector, images, steps=2).model is detector
    True
    """
    check_budget("train_detector", steps=steps, seconds=seconds, seed=seed)
    if not len(data):
        raise ValueError("train_detector: data must hold at least one image, got none")
    settings = LandmarkSettings(
        data=None,
        network=detector.network_config,
        objective=detector.config,
        training=training or LandmarkTraining(),
        steps=steps_or(STEPS, steps, seconds),
        seconds=seconds,
        seed=seed,
    )
    device = next(detector.network.parameters()).device
    with with_progress(f"train_detector on {device}", progress, observers) as heard:
        return run_training(
            settings,
            lambda _: LandmarkTask(detector, data, settings.training, seed=seed),
            None,
            device=device,
            observers=heard,
        )


def prepared(settings: LandmarkSettings, data: Any) -> TaskMaker[LandmarkDetector]:
    """The function that makes the task of a training, on a device.

    Raises:
        ValueError: There is no image, or their size does not suit the network.
        TypeError: ``data`` are not images.
        ImportError: The network needs a library that is missing.
    """
    check("train_landmarks: data", LandmarkImages, data)
    if not len(data):
        raise ValueError("train_landmarks: data must hold at least one image, got none")
    check_size("train_landmarks", (data.images.shape[-2], data.images.shape[-1]), settings.network)
    if isinstance(settings.network, LandmarkTransformerConfig):
        backbone_library()
    return partial(_new_task, settings, data)


def _new_task(settings: LandmarkSettings, data: LandmarkImages, device: torch.device) -> LandmarkTask:
    detector = LandmarkDetector(data.skeleton, settings.network, settings.objective).to(device)
    return LandmarkTask(detector, data, settings.training, seed=settings.seed)


LANDMARK_TRAINING = TrainingKind(LandmarkSettings, landmark_data, prepared)
"""The row of the table of trainings."""

"""Every training that has a run folder, and the one way to go on with it."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from diffshape._arguments import checked
from diffshape.training.device import chosen_device
from diffshape.training.models.kind import TrainingKind
from diffshape.training.models.result import TrainingResult
from diffshape.training.models.run import Observer, run_training
from diffshape.training.progress import with_progress
from diffshape.training.run_folder import RunFolder

TRAININGS = MappingProxyType(
    {
        "train autoencoder": "diffshape.models.autoencoders.training:AUTOENCODER_TRAINING",
        "train deep-sdf": "diffshape.models.deep_sdf.training:DEEP_SDF_TRAINING",
        "train flow": "diffshape.models.generative.flow.training:FLOW_TRAINING",
        "train imnet": "diffshape.models.imnet.training:IMNET_TRAINING",
        "train imnet-images": "diffshape.models.imnet.images.training:IMNET_IMAGES_TRAINING",
        "train landmarks": "diffshape.models.landmarks.training:LANDMARK_TRAINING",
        "train latent-gan": "diffshape.models.generative.adversarial.latent_training:LATENT_GAN_TRAINING",
        "train mixture": "diffshape.models.generative.mixture.training:MIXTURE_TRAINING",
        "train occupancy": "diffshape.models.occupancy.training:OCCUPANCY_TRAINING",
        "train psgn": "diffshape.models.psgn.training:PSGN_TRAINING",
        "train raw-gan": "diffshape.models.generative.adversarial.raw_training:RAW_GAN_TRAINING",
        "train scan-prior": "diffshape.fitting.scans.prior.training.training:SCAN_PRIOR_TRAINING",
        "train vecset": "diffshape.models.vecset.training:VECSET_TRAINING",
    }
)
"""Places of trainings, "module:NAME", imported when used, by the kind that their config.yaml names, which is the
command that begins one."""


def training_of(kind: str) -> TrainingKind:
    """The training that a command begins, such as "train landmarks"."""
    module, _, name = TRAININGS[kind].partition(":")
    return getattr(importlib.import_module(module), name)


@checked
def resume_training(
    folder: str | Path,
    data: Any = None,
    *,
    device: torch.device | str = "auto",
    progress: bool | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult:
    """Go on with the training in ``folder`` from its newest checkpoint.

    With a budget of steps it ends with the same bits as one that was not interrupted.

    Its settings are those of its config.yaml. A training that is finished makes no more steps.

    Args:
        folder: That of a training that was interrupted, as ``train_deep_sdf``, ``train_landmarks``,
            ``train_scan_prior`` or ``diffshape train`` wrote it.
        data: What it was begun with: the shapes of ``train_deep_sdf``, the images of ``train_landmarks``, the pair
            (autoencoder, shapes) of ``train_flow``. Only a training that draws or reads its data itself, as
            ``diffshape train`` and ``train_scan_prior`` do, can do without: it draws or reads them again.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Raises:
        ValueError: The folder holds no training, its files are damaged, another process is at work in it, its data are
            missing or others than those it was begun with, or there is no such device.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from tempfile import TemporaryDirectory
    >>> from diffshape.data import spine_phantoms
    >>> from diffshape.models import LandmarkUNetConfig, train_landmarks
    >>> images, network = spine_phantoms(4), LandmarkUNetConfig(widths=(8, 8, 8))
    >>> with TemporaryDirectory() as folder:
    ...     _ = train_landmarks(images, network, steps=2, folder=folder)  # were it interrupted here,
    ...     resume_training(folder, images).step  # this would make the steps that are left
    2
    """
    chosen = chosen_device(device, argument="resume_training: device")
    run = RunFolder(Path(folder))
    kind = run.kind or ""
    if kind not in TRAININGS:
        known = ", ".join(f"diffshape {each}" for each in TRAININGS)
        raise ValueError(f"resume_training: {folder} is not the folder of a training ({known}), by its config.yaml")
    training = training_of(kind)
    settings: Any = run.read_settings(training.settings)
    if data is None:
        if settings.data is None:
            raise ValueError(
                f"resume_training: the training in {folder} was begun with data that are in no file; "
                "give the same data again"
            )
        data, _ = training.examples(settings.data, seed=settings.seed)
    make = training.prepare(settings, data)
    with with_progress(f"resume_training on {chosen}", progress, observers) as heard:
        return run_training(settings, make, run.path, resume=True, device=chosen, observers=heard)

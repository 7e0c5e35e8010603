"""Training of a landmark network on images that fit into memory, drawn at random and changed a little each time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffshape._arguments import checked
from diffshape._bounds import check_budget
from diffshape._reprs import one_line
from diffshape.data import LandmarkImages
from diffshape.losses import LossTerms
from diffshape.models.landmarks.augmentation import augmented
from diffshape.models.landmarks.config import LandmarkObjective, LandmarkTraining, NetworkConfig
from diffshape.models.landmarks.detector import LandmarkDetector
from diffshape.ops import resize_landmarks
from diffshape.training import (
    Adam,
    CheckpointFolder,
    Outcome,
    StepReport,
    Steps,
    Task,
    WarmupCosine,
    own_randomness,
    train,
)
from diffshape.training.device import chosen_device
from diffshape.training.progress import with_progress

WARMUP = 0.1  # of the steps


class LandmarkTask(Task):
    """One detector, the images it learns from, and the state of the draws."""

    def __init__(
        self, detector: LandmarkDetector, data: LandmarkImages, training: LandmarkTraining, *, seed: int = 0
    ) -> None:
        self.detector, self.data, self.training = detector, data, training
        self.modules = {"network": detector.network}
        if any(True for _ in detector.objective.parameters()):
            self.modules["objective"] = detector.objective  # learnt weights
        self.generator = torch.Generator().manual_seed(seed)
        self.device = next(detector.network.parameters()).device

    def loss(self, step: int, progress: float) -> LossTerms:
        """The objective on a batch."""
        rows = torch.randint(len(self.data), (self.training.batch,), generator=self.generator)
        batch = (self.data.images[rows], self.data.landmarks[rows], self.data.mask[rows])
        images, landmarks, mask = (part.to(self.device) for part in augmented(*batch, self.training, self.generator))
        output = self.detector(images)
        return self.detector.objective(
            output.heatmaps,
            resize_landmarks(landmarks, 1 / self.detector.stride),
            log_variance=output.log_variance,
            mask=mask,
            progress=progress,
        )

    def state(self) -> dict[str, Tensor]:
        """Where the random draws stand."""
        return {"generator": self.generator.get_state()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take the draws up again."""
        self.generator.set_state(state["generator"])


class LandmarkResult(NamedTuple):
    """A trained detector, and how its training ended."""

    detector: LandmarkDetector
    outcome: Outcome

    __repr__ = one_line


@checked
def train_landmarks(
    data: LandmarkImages,
    network: NetworkConfig | None = None,
    objective: LandmarkObjective | None = None,
    training: LandmarkTraining | None = None,
    *,
    steps: int = 600,
    seed: int = 0,
    device: torch.device | str = "auto",
    checkpoints: CheckpointFolder | None = None,
    resume: bool = False,
    progress: bool | None = None,
    observers: Sequence[Callable[[StepReport], None]] = (),
) -> LandmarkResult:
    """Train a landmark network; on the CPU, the same data and settings give the same bits.

    Args:
        data: Images to learn from.
        network: ``LandmarkUNetConfig()`` if ``None``.
        objective: ``LandmarkObjective()`` if ``None``.
        training: ``LandmarkTraining()`` if ``None``.
        steps: Optimiser steps.
        seed: Of weights, batches and changes of the images; torch's global generator stands afterwards where it stood.
        device: Where to compute: "cpu", "cuda" or a ``torch.device``; "auto" takes a GPU if there is one.
        checkpoints: Where the training saves itself; nowhere if ``None``.
        resume: Go on with the training in ``checkpoints`` if there is one.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Raises:
        ValueError: There is no image, a size does not suit the network, or the device is not here.
        TrainingError: The loss was not finite in 10 steps in a row.

    >>> from diffshape.data import spine_phantoms
    >>> from diffshape.models import LandmarkUNetConfig
    >>> detector, outcome = train_landmarks(
    ...     spine_phantoms(4),
    ...     LandmarkUNetConfig(widths=(8, 8, 8)),
    ...     training=LandmarkTraining(batch=2),
    ...     steps=2,
    ... )
    >>> detector.detect(spine_phantoms(1, seed=1).images).landmarks.shape
    torch.Size([1, 22, 2])
    """
    check_budget("train_landmarks", steps=steps, seconds=None, seed=seed)
    device = chosen_device(device, argument="train_landmarks: device")
    with own_randomness(device, seed=seed):  # for weights and dropout
        detector = LandmarkDetector(data.skeleton, network, objective).to(device)
        outcome = train_detector(
            detector,
            data,
            training,
            steps=steps,
            seed=seed,
            checkpoints=checkpoints,
            resume=resume,
            progress=progress,
            observers=observers,
        )
    return LandmarkResult(detector, outcome)


@checked
def train_detector(
    detector: LandmarkDetector,
    data: LandmarkImages,
    training: LandmarkTraining | None = None,
    *,
    steps: int = 600,
    seed: int = 0,
    checkpoints: CheckpointFolder | None = None,
    resume: bool = False,
    progress: bool | None = None,
    observers: Sequence[Callable[[StepReport], None]] = (),
) -> Outcome:
    """Train a detector that is already made, in place and on the device where it is.

    Args:
        detector: What is trained.
        data: Images to learn from.
        training: ``LandmarkTraining()`` if ``None``.
        steps: Optimiser steps.
        seed: Of batches and changes of the images.
        checkpoints: Where the training saves itself; nowhere if ``None``.
        resume: Go on with the training in ``checkpoints`` if there is one.
        progress: Show the progress on stderr or not; on a terminal and in a notebook if not given.
        observers: Called after each step with a ``training.StepReport``.

    Raises:
        ValueError: There is no image, or a size does not suit the network.
        TrainingError: The loss was not finite in 10 steps in a row.
    """
    check_budget("train_detector", steps=steps, seconds=None, seed=seed)
    if not len(data):
        raise ValueError("train_detector: data must hold at least one image, got none")
    training = training or LandmarkTraining()
    task = LandmarkTask(detector.train(), data, training, seed=seed)
    adam = {
        "network": Adam(lr=training.lr, weight_decay=training.weight_decay),
        "objective": Adam(lr=training.lr),
    }
    with with_progress(f"train_detector on {task.device}", progress, observers) as heard:
        outcome = train(
            task,
            budget=Steps(steps),
            optimizer={name: adam[name] for name in task.modules},
            schedule=WarmupCosine(warmup=WARMUP),
            clip=training.clip,
            checkpoints=checkpoints,
            resume=resume,
            observers=heard,
        )
    detector.eval()
    return outcome

"""``diffshape train landmarks``: drawn radiographs, or a folder of images, become a landmark network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape._bounds import check_fits
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import input_folder
from diffshape.cli.parsing.options import OptionalFloat, OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import TrainOptions, check_options, refuse_unused
from diffshape.data.landmarks.phantom_config import SpinePhantomConfig
from diffshape.models.landmarks.config import (
    LandmarkObjective,
    LandmarkTraining,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
)
from diffshape.models.landmarks.settings import STEPS, FolderData, LandmarkSettings, PhantomData

if TYPE_CHECKING:
    from diffshape.data import LandmarkImages
    from diffshape.models import LandmarkDetector

_SHOWN = 8
_FILES = {
    "model/": "the network, for diffshape.models.load",
    "overlay.png": "test images, true landmarks green, predicted ones orange",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainLandmarks(TrainOptions):
    """Train a network that finds the corners of vertebrae, on drawn radiographs or on a folder of your own."""

    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")] = None
    """Images, each beside a CSV of its name with a row x1, y1, x2, y2 for each end-plate. Default: draw radiographs."""
    steps: OptionalInt = None
    """Optimiser steps; 600 unless --seconds is given."""
    network: Literal["unet", "transformer"] = "unet"
    """The network to train; its settings are unet.* or transformer.*."""
    images: int = 512
    """Number of drawn images to learn from."""
    test_images: int = 100
    """Number of drawn images to be tested on."""
    size: tuple[int, int] = (256, 256)
    """Height and width that the images of a folder are scaled to fit into."""
    spacing: OptionalFloat = None
    """Millimetres a pixel of the files in a folder, to report errors in mm; without it they are in pixels."""
    holdout: float = 0.2
    """Share of a folder's images held out for the test."""
    phantom: SpinePhantomConfig = field(default_factory=SpinePhantomConfig)
    """The radiographs to draw."""
    unet: LandmarkUNetConfig = field(default_factory=LandmarkUNetConfig)
    """A small network: minutes on a CPU."""
    transformer: LandmarkTransformerConfig = field(default_factory=LandmarkTransformerConfig)
    """A large network: hours on a GPU. Needs timm: `pip install timm`."""
    objective: LandmarkObjective = field(default_factory=LandmarkObjective)
    """Losses, and the decoder from heat-maps to landmarks."""
    training: LandmarkTraining = field(default_factory=LandmarkTraining)
    """Batches, learning rate, and random changes of the training images."""


def run(arguments: TrainLandmarks) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=_name, counts=_counts, score=_score, files=_FILES)
    return run_command(command, arguments, _settings(arguments))


def _settings(arguments: TrainLandmarks) -> LandmarkSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    check_options(arguments)
    if arguments.resume is not None:
        return LandmarkSettings()
    refuse_unused(arguments.typed, _unused(arguments))
    if arguments.folder is not None:
        input_folder(arguments.folder, "images")
    with usage_errors():
        if arguments.folder is None:
            pixels = arguments.phantom.height * arguments.phantom.width
            check_fits("--images", arguments.images, 4 * pixels)
            check_fits("--test-images", arguments.test_images, 4 * pixels)
            data = PhantomData(phantom=arguments.phantom, images=arguments.images, test_images=arguments.test_images)
        else:
            data = FolderData(
                folder=str(arguments.folder.resolve()),
                size=arguments.size,
                spacing=arguments.spacing,
                holdout=arguments.holdout,
            )
        return LandmarkSettings(
            data=data,
            network=arguments.unet if arguments.network == "unet" else arguments.transformer,
            objective=arguments.objective,
            training=arguments.training,
            steps=arguments.steps_or(STEPS),
            seconds=arguments.seconds,
            seed=arguments.seed,
        )


def _unused(arguments: TrainLandmarks) -> dict[str, str]:
    """Options of what is not trained on, or not trained."""
    drawn, own = ("images", "test_images", "phantom"), ("size", "spacing", "holdout")
    unused = dict.fromkeys(drawn, "a FOLDER of images is given") if arguments.folder else {}
    unused |= {} if arguments.folder else dict.fromkeys(own, "no FOLDER of images is given")
    other = "transformer" if arguments.network == "unet" else "unet"
    return unused | {other: f"the network is --network {arguments.network}"}


def _name(data: PhantomData | FolderData) -> str:
    return f"phantoms-{data.phantom.view}" if isinstance(data, PhantomData) else "images"


def _counts(learn: "LandmarkImages", test: "LandmarkImages") -> str:
    return f"{len(learn)} images to learn from, {len(test)} to be tested on, {test.skeleton.count} landmarks each"


def _score(
    folder: Path,
    detector: "LandmarkDetector",
    settings: LandmarkSettings,
    learn: "LandmarkImages",
    test: "LandmarkImages",
) -> tuple[str, dict[str, Any]]:
    """Score the detector on the test images, and draw some of them."""
    from diffshape.models.landmarks.score import score_landmarks
    from diffshape.report import landmark_overlay

    prediction = detector.detect(test.images)
    score = score_landmarks(prediction, test)
    landmark_overlay(
        test.images[:_SHOWN],
        test.landmarks[:_SHOWN],
        prediction.landmarks[:_SHOWN].cpu(),
        prediction.deviations[:_SHOWN].cpu(),
        test.skeleton,
        mask=test.mask[:_SHOWN],
        path=folder / "overlay.png",
    )
    return str(score), {"score": score.to_dict()}

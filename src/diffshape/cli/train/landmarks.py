"""``diffshape train landmarks``: drawn radiographs, or a folder of images, become a landmark network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape._bounds import check_fits
from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import input_folder
from diffshape.cli.messages import Messages
from diffshape.cli.options import OptionalFloat
from diffshape.cli.train.options import (
    TrainOptions,
    check_options,
    messages_of,
    refuse_unused,
    training_folder,
)
from diffshape.cli.way_on import told_way_on
from diffshape.data.landmarks.phantom_config import SpinePhantomConfig
from diffshape.models.landmarks.config import (
    FolderData,
    LandmarkObjective,
    LandmarkSettings,
    LandmarkTraining,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
    PhantomData,
)
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.data import LandmarkImages
    from diffshape.models import LandmarkPrediction
    from diffshape.models.landmarks.run import LandmarkRun

_SHOWN = 8
_FILES = {
    "network.safetensors": "the network, for models.load_landmark_detector",
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
    steps: int = 600
    """Optimiser steps."""
    network: Literal["unet", "transformer"] = "unet"
    """Which network; its settings are unet.* or transformer.*."""
    images: int = 512
    """Drawn images to learn from."""
    test_images: int = 100
    """Drawn images to be tested on."""
    size: tuple[int, int] = (256, 256)
    """Height and width that the images of a folder are scaled to fit into."""
    spacing: OptionalFloat = None
    """Millimetres a pixel of the files in a folder, to tell errors in mm."""
    holdout: float = 0.2
    """Share of a folder's images held out for the test."""
    phantom: SpinePhantomConfig = field(default_factory=SpinePhantomConfig)
    """What is drawn."""
    unet: LandmarkUNetConfig = field(default_factory=LandmarkUNetConfig)
    """A small network: minutes on a CPU."""
    transformer: LandmarkTransformerConfig = field(default_factory=LandmarkTransformerConfig)
    """A large one: hours on a GPU. Needs timm: `pip install timm`."""
    objective: LandmarkObjective = field(default_factory=LandmarkObjective)
    """The loss, and how landmarks are read from maps."""
    training: LandmarkTraining = field(default_factory=LandmarkTraining)
    """Batches, rates and changes of the images."""


def run(arguments: TrainLandmarks) -> int:
    """Train, score, write, tell."""
    settings = _settings(arguments)
    from diffshape.models.landmarks.run import LandmarkRun, landmark_data

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    name = f"phantoms-{settings.data.phantom.view}" if isinstance(settings.data, PhantomData) else "images"
    run = LandmarkRun(training_folder(arguments, LandmarkSettings, name))
    if arguments.resume and run.is_complete:
        return messages_of(arguments, LandmarkSettings).finished(run.path)
    settings = run.read_settings(LandmarkSettings) if arguments.resume else settings
    if isinstance(settings.network, LandmarkTransformerConfig):
        from diffshape.models.landmarks.transformer import backbone_library

        backbone_library()  # missing, it is missed before a folder is begun
    learn, test = landmark_data(settings.data, seed=settings.seed)
    with told_way_on(run.path, "train landmarks"), run.only_here():
        return _run(arguments, run, settings, learn, test, device)


def _run(
    arguments: TrainLandmarks,
    run: "LandmarkRun",
    settings: LandmarkSettings,
    learn: "LandmarkImages",
    test: "LandmarkImages",
    device: str,
) -> int:
    from diffshape.models.landmarks.training import train_landmarks
    from diffshape.training import CsvLog, Progress

    if not arguments.resume:
        run.begin(settings)
    say = messages_of(arguments, LandmarkSettings)
    say.folder(run.path)
    say(f"  {len(learn)} images to learn from, {len(test)} to be tested on, {test.skeleton.count} landmarks each")
    with Progress(f"train landmarks on {device}", quiet=arguments.quiet) as progress:
        detector, outcome = train_landmarks(
            learn,
            settings.network,
            settings.objective,
            settings.training,
            steps=settings.steps,
            seed=settings.seed,
            device=device,
            checkpoints=run.checkpoints,
            resume=arguments.resume is not None,
            observers=[progress, CsvLog(run.log)],
        )
    if outcome.interrupted:
        return say.interrupted(run.path, outcome.step)
    run.save(detector, outcome.step)
    metrics = {"steps": outcome.step, "seconds": round(outcome.seconds, 2)}
    metrics |= _score(run.path, test, detector.detect(test.images), say, metrics)
    if say.json:
        say.metrics(run.path, metrics)
    say.files(_FILES)
    return 0


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
            steps=arguments.steps,
            seed=arguments.seed,
        )


def _unused(arguments: TrainLandmarks) -> dict[str, str]:
    """Options of what is not trained on, or not trained."""
    drawn, own = ("images", "test_images", "phantom"), ("size", "spacing", "holdout")
    unused = dict.fromkeys(drawn, "a FOLDER of images is given") if arguments.folder else {}
    unused |= {} if arguments.folder else dict.fromkeys(own, "no FOLDER of images is given")
    other = "transformer" if arguments.network == "unet" else "unet"
    return unused | {other: f"the network is --network {arguments.network}"}


def _score(
    folder: Path, test: "LandmarkImages", prediction: "LandmarkPrediction", say: Messages, metrics: Mapping[str, Any]
) -> dict[str, Any]:
    """Score the test images, and write metrics.json and overlay.png."""
    from diffshape.models.landmarks.score import score_landmarks
    from diffshape.report import landmark_overlay

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
    scored = {"score": score.to_dict()}
    RunFolder(folder).write_metrics({**metrics, **scored})
    say(f"\n{metrics['steps']} steps in {metrics['seconds']:.0f} s\n{score}")
    return scored

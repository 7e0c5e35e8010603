"""``diffshape train landmarks``: drawn radiographs, or a folder of images, become a landmark network."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape.cli.errors import INTERRUPTED, UsageError
from diffshape.cli.folders import fresh_folder
from diffshape.cli.options import OptionalFloat, OptionalInt, OptionalPath
from diffshape.data.spine_phantom_config import SpinePhantomConfig
from diffshape.models.landmark_config import (
    FolderData,
    LandmarkObjective,
    LandmarkSettings,
    LandmarkTraining,
    LandmarkTransformerConfig,
    LandmarkUNetConfig,
    PhantomData,
)

if TYPE_CHECKING:
    from diffshape.data import LandmarkImages
    from diffshape.models import LandmarkPrediction

_ALSO_ON_RESUME = {"resume", "device", "threads", "json", "quiet", "debug"}
_SHOWN = 8
_VERB = "train landmarks"
_FILES = {
    "network.safetensors": "the network, for models.load_landmark_detector",
    "overlay.png": "test images, true landmarks green, predicted ones orange",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True)
class TrainLandmarks:
    """Train a network that finds the corners of vertebrae, on drawn radiographs or on a folder of your own."""

    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")] = None
    """Images, each beside a CSV of its name with a row x1,y1,x2,y2 for each end-plate. Default: draw radiographs."""
    out: OptionalPath = None
    """The run folder; new or empty. Default: outputs/landmarks/NAME/TIME."""
    steps: int = 600
    """Optimiser steps."""
    network: Literal["unet", "transformer"] = "unet"
    """Which network; each has a group of settings below."""
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
    seed: int = 0
    """Seed of images, weights and batches."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes a GPU if there is one."""
    threads: OptionalInt = None
    """CPU threads."""
    resume: OptionalPath = None
    """The folder of an interrupted training, to go on with."""
    json: bool = False
    """Print the metrics as JSON, and nothing else, to stdout."""
    quiet: bool = False
    """Print the run folder and nothing else."""
    debug: bool = False
    """Show the traceback of an error."""
    phantom: SpinePhantomConfig = field(default_factory=SpinePhantomConfig)
    """What is drawn."""
    unet: LandmarkUNetConfig = field(default_factory=LandmarkUNetConfig)
    """A small network: minutes on a CPU."""
    transformer: LandmarkTransformerConfig = field(default_factory=LandmarkTransformerConfig)
    """A large one: hours on a GPU. Needs `pip install "diffshape[landmarks]"`."""
    objective: LandmarkObjective = field(default_factory=LandmarkObjective)
    """The loss, and how landmarks are read from maps."""
    training: LandmarkTraining = field(default_factory=LandmarkTraining)
    """Batches, rates and changes of the images."""


def run(arguments: TrainLandmarks) -> int:
    """Train, score, write, tell."""
    settings = _settings(arguments)
    from diffshape.cli.device import chosen_device, use_threads
    from diffshape.models.landmark_run import LandmarkRun, landmark_data
    from diffshape.models.landmark_training import train_landmarks
    from diffshape.training import CsvLog, Progress

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    if arguments.resume:
        run = LandmarkRun(_resumed(arguments.resume))
        settings = run.settings()
    else:
        name = f"phantoms-{settings.data.phantom.view}" if isinstance(settings.data, PhantomData) else "images"
        run = LandmarkRun(fresh_folder(arguments.out, Path("outputs") / "landmarks" / name, verb=_VERB))
    learn, test = landmark_data(settings.data, seed=settings.seed)
    if not arguments.resume:
        run.begin(settings)
    print(run.path, file=sys.stderr if arguments.json else sys.stdout, flush=True)
    say = _Say(arguments)
    say(f"  {len(learn)} images to learn from, {len(test)} to be tested on, {test.skeleton.count} landmarks each")
    with Progress("train landmarks", quiet=arguments.quiet) as progress:
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
        print(
            f"interrupted after step {outcome.step} and saved; go on with: diffshape {_VERB} --resume {run.path}",
            file=sys.stderr,
        )
        return INTERRUPTED
    run.save(detector, outcome.step)
    metrics = {"steps": outcome.step, "seconds": round(outcome.seconds, 2)}
    metrics |= _score(run.path, test, detector.detect(test.images), say, metrics)
    if arguments.json:
        print(json.dumps({"folder": str(run.path), **metrics}))
    say("")
    for name, meaning in _FILES.items():
        say(f"  {name:<20} {meaning}")
    return 0


def _settings(arguments: TrainLandmarks) -> LandmarkSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    if arguments.threads is not None and arguments.threads < 1:
        raise UsageError(f"--threads must be at least 1, got {arguments.threads}")
    changed = [
        item.name
        for item in fields(TrainLandmarks)
        if getattr(arguments, item.name) != getattr(TrainLandmarks(), item.name)
    ]
    if arguments.resume is not None:
        if given := [name for name in changed if name not in _ALSO_ON_RESUME]:
            raise UsageError(f"--resume goes on with the data and settings of its run; leave out {', '.join(given)}")
        return LandmarkSettings()
    _check_used(arguments, changed)
    if arguments.folder is not None and not arguments.folder.is_dir():
        raise UsageError(f"{arguments.folder}: there is no such folder of images")
    try:
        if arguments.folder is None:
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
    except ValueError as error:
        raise UsageError(str(error)) from error


def _check_used(arguments: TrainLandmarks, changed: list[str]) -> None:
    """Refuse settings of what is not trained on, or not trained."""
    drawn, own = ("images", "test_images", "phantom"), ("size", "spacing", "holdout")
    unused = dict.fromkeys(drawn, "a FOLDER of images is given") if arguments.folder else {}
    unused |= {} if arguments.folder else dict.fromkeys(own, "no FOLDER of images is given")
    other = "transformer" if arguments.network == "unet" else "unet"
    unused[other] = f"the network is --network {arguments.network}"
    for name in changed:
        if name in unused:
            raise UsageError(f"--{name.replace('_', '-')} has no effect where {unused[name]}; leave it out")


def _resumed(run: Path) -> Path:
    folder = run.parent if run.is_file() else run
    if not folder.is_dir():
        raise UsageError(f"{run}: there is no such folder; a run is the folder that diffshape train landmarks printed")
    if not (folder / "config.yaml").is_file():
        raise UsageError(f"{run} is not the folder of a landmark training: it has no config.yaml")
    return folder


def _score(
    folder: Path, test: "LandmarkImages", prediction: "LandmarkPrediction", say: "_Say", metrics: Mapping[str, Any]
) -> dict[str, Any]:
    """Score the test images, and write metrics.json and overlay.png."""
    from diffshape.fitting.run_folder import write_json
    from diffshape.models.landmark_score import score_landmarks
    from diffshape.report import landmark_overlay

    score = score_landmarks(prediction, test)
    write_json(folder / "metrics.json", {**metrics, "score": asdict(score)})
    landmark_overlay(
        test.images[:_SHOWN],
        test.landmarks[:_SHOWN],
        prediction.landmarks[:_SHOWN].cpu(),
        prediction.deviations[:_SHOWN].cpu(),
        test.skeleton,
        mask=test.mask[:_SHOWN],
        path=folder / "overlay.png",
    )
    say(f"\n{metrics['steps']} steps in {metrics['seconds']:.0f} s\n{score}")
    return {"score": asdict(score)}


@dataclass(frozen=True)
class _Say:
    """To stdout, or to stderr where stdout is for JSON; nothing when quiet."""

    arguments: TrainLandmarks

    def __call__(self, text: str) -> None:
        if not self.arguments.quiet:
            print(text, file=sys.stderr if self.arguments.json else sys.stdout, flush=True)

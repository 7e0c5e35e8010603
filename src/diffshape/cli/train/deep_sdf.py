"""``diffshape train deep-sdf``: drawn shapes, or a folder of meshes, become one network for the whole family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape._bounds import check_budget, check_fits
from diffshape.cli.device import chosen_device, use_threads
from diffshape.cli.errors import usage_errors
from diffshape.cli.fit_defaults import named_in
from diffshape.cli.folders import input_folder
from diffshape.cli.messages import Messages
from diffshape.cli.options import OptionalFloat, OptionalInt
from diffshape.cli.train.options import (
    TrainOptions,
    check_options,
    messages_of,
    refuse_unused,
    training_folder,
)
from diffshape.cli.way_on import told_way_on
from diffshape.data.synthetic.families import FamilyName
from diffshape.data.up import UP, Up
from diffshape.models.deep_sdf.config import PUBLISHED_DEEP_SDF, STEPS, DeepSDFConfig
from diffshape.models.deep_sdf.settings import DeepSDFSettings, DrawnShapes, ShapeFolder
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.data import Mesh
    from diffshape.models import DeepSDF
    from diffshape.models.deep_sdf.run import DeepSDFRun
    from diffshape.models.deep_sdf.samples import FamilySamples

_PRESETS = {"small": DeepSDFConfig(), "published": PUBLISHED_DEEP_SDF}
_SCORED = 8
"""Shapes of either kind that are scored."""
_NEAR = 0.02
"""Distance up to which an observed point is drawn, in the frame of the family."""
_POINT_BYTES = 48
"""Memory of a point of a shape and its distance, while they are drawn."""
_FILES = {
    "model/": "network and codes, for models.load_deep_sdf",
    "strip.png": "from one training shape to another",
    "completion.png": "a test shape: true, seen from one side, completed",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainDeepSDF(TrainOptions):
    """Train one network for a family of shapes, drawn or your own, that completes and blends them (DeepSDF)."""

    folder: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")] = None
    """Closed meshes (PLY, OBJ, OFF, STL or GLB), placed and turned alike. Default: draw a family."""
    family: FamilyName = "rounded_box"
    """What is drawn."""
    shapes: int = 16
    """Drawn shapes to learn from."""
    test_shapes: int = 4
    """Drawn shapes to be tested on."""
    holdout: float = 0.2
    """Share of a folder's meshes held out for the test."""
    up: Up = UP
    """Which axis points up in the pictures."""
    preset: Literal["small", "published"] = "small"
    """Where model.* begins. small: minutes on a CPU. published: network and batches of the paper, for a large GPU."""
    steps: OptionalInt = None
    """Optimiser steps; 2000 unless --seconds is given."""
    seconds: OptionalFloat = None
    """Seconds to optimise for, instead of steps."""
    model: DeepSDFConfig = field(default_factory=DeepSDFConfig)
    """Network, loss and sampling. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainDeepSDF:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainDeepSDF(model=_PRESETS.get(named_in(words, "preset")["preset"] or "", DeepSDFConfig()))


def run(arguments: TrainDeepSDF) -> int:
    """Train, score, write, tell."""
    settings = _settings(arguments)
    from diffshape.models.deep_sdf.run import DeepSDFRun, deep_sdf_shapes
    from diffshape.models.deep_sdf.samples import sample_family

    use_threads(arguments.threads)
    device = chosen_device(arguments.device)
    name = settings.data.family if isinstance(settings.data, DrawnShapes) else Path(settings.data.folder).name
    run = DeepSDFRun(training_folder(arguments, DeepSDFSettings, name))
    if arguments.resume and run.is_complete:
        return messages_of(arguments, DeepSDFSettings).finished(run.path)
    settings = run.read_settings(DeepSDFSettings) if arguments.resume else settings
    known, held_out = deep_sdf_shapes(settings.data, seed=settings.seed)
    samples = sample_family(known, settings.config, seed=settings.seed)
    with told_way_on(run.path, "train deep-sdf"), run.only_here():
        return _run(arguments, run, settings, samples, known, held_out, device)


def _run(
    arguments: TrainDeepSDF,
    run: "DeepSDFRun",
    settings: DeepSDFSettings,
    samples: "FamilySamples",
    known: Mapping[str, "Mesh"],
    held_out: Mapping[str, "Mesh"],
    device: str,
) -> int:
    from diffshape.models.deep_sdf.training import train_deep_sdf
    from diffshape.training import CsvLog, Progress

    if not arguments.resume:
        run.begin(settings)
    say = messages_of(arguments, DeepSDFSettings)
    say.folder(run.path)
    say(f"  {len(known)} shapes to learn from, {len(held_out)} to be tested on")
    with Progress(f"train deep-sdf on {device}", quiet=arguments.quiet) as progress:
        model, outcome = train_deep_sdf(
            samples,
            settings.config,
            steps=settings.steps,
            seconds=settings.seconds,
            seed=settings.seed,
            device=device,
            checkpoints=run.checkpoints,
            resume=arguments.resume is not None,
            observers=[progress, CsvLog(run.log)],
        )
    if outcome.interrupted:
        return say.interrupted(run.path, outcome.step)
    run.save(model)
    say(f"\n{outcome.step} steps in {outcome.seconds:.0f} s; scoring ...")
    metrics = {"steps": outcome.step, "seconds": round(outcome.seconds, 2)}
    metrics |= _scored(run.path, model, known, held_out, say, metrics, settings.up)
    if say.json:
        say.metrics(run.path, metrics)
    say.files(_FILES)
    return 0


def _settings(arguments: TrainDeepSDF) -> DeepSDFSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    check_options(arguments)
    if arguments.resume is not None:
        return DeepSDFSettings()
    if arguments.folder is None:
        unused = {"holdout": "no FOLDER of meshes is given"}
    else:
        drawn = ["family", "shapes", "test_shapes"]
        unused = dict.fromkeys(drawn, "a FOLDER of meshes is given")
    refuse_unused(arguments.typed, unused)
    with usage_errors():
        check_budget("", steps=arguments.steps, seconds=arguments.seconds, seed=arguments.seed)
        check_fits("--shapes", arguments.shapes, _POINT_BYTES * arguments.model.samples)
    if arguments.folder is not None:
        input_folder(arguments.folder, "meshes")
    with usage_errors():
        if arguments.folder is None:
            data = DrawnShapes(family=arguments.family, shapes=arguments.shapes, test_shapes=arguments.test_shapes)
        else:
            data = ShapeFolder(folder=str(arguments.folder.resolve()), holdout=arguments.holdout)
        return DeepSDFSettings(
            data=data,
            config=arguments.model,
            steps=STEPS if arguments.steps is None and arguments.seconds is None else arguments.steps,
            seconds=arguments.seconds,
            seed=arguments.seed,
            up=arguments.up,
        )


def _scored(
    folder: Path,
    model: "DeepSDF",
    known: Mapping[str, "Mesh"],
    held_out: Mapping[str, "Mesh"],
    say: Messages,
    metrics: Mapping[str, Any],
    up: Up,
) -> dict[str, Any]:
    """Score the model on some shapes, and write metrics.json and the two pictures."""
    from diffshape.data import DistanceSamples
    from diffshape.models.deep_sdf.score import find_codes, score_deep_sdf
    from diffshape.report import completion_strip, interpolation_strip

    tested = dict(list(held_out.items())[:_SCORED])
    truths = list(tested.values())
    found = find_codes(model, truths)
    score = score_deep_sdf(model, list(known.values()), truths, found, recalled=_SCORED)
    say(str(score))
    facts = {"known": list(known)[:_SCORED], "held_out": list(tested), "score": score.to_dict()}
    interpolation_strip(model, path=folder / "strip.png", up=up)
    seen = DistanceSamples(*(part[0].cpu() for part in found.seen))
    near = _NEAR * model.frame.scale
    completion_strip(model, truths[0], seen, found.half[0], near=near, path=folder / "completion.png", up=up)
    RunFolder(folder).write_metrics({**metrics, **facts})
    return facts

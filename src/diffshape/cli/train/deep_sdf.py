"""``diffshape train deep-sdf``: drawn shapes, or a folder of meshes, become one network for the whole family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from diffshape._bounds import check_fits
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import input_folder
from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import TrainOptions, check_options, chosen_preset, refuse_unused
from diffshape.data.synthetic.assembled.families import FAMILIES
from diffshape.data.up import UP, Up
from diffshape.models.deep_sdf.config import PUBLISHED_DEEP_SDF, STEPS, DeepSDFConfig
from diffshape.models.deep_sdf.settings import DeepSDFFamilyName, DeepSDFSettings, DrawnShapes, ShapeFolder

if TYPE_CHECKING:
    from diffshape.data import Mesh
    from diffshape.models import DeepSDF

_PRESETS = {"small": DeepSDFConfig(), "published": PUBLISHED_DEEP_SDF}
_SCORED = 8
"""Shapes of either kind that are scored."""
_NEAR = 0.02
"""Distance up to which an observed point is drawn, in the frame of the family."""
_POINT_BYTES = 48
"""Memory of a point of a shape and its distance, while they are drawn."""
_FILES = {
    "model/": "network and codes, for diffshape.models.load",
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
    family: DeepSDFFamilyName = "rounded_box"
    """Family of shapes to draw."""
    shapes: int = 16
    """Number of drawn shapes to learn from."""
    test_shapes: int = 4
    """Number of drawn shapes to be tested on."""
    holdout: float = 0.2
    """Share of a folder's meshes held out for the test."""
    up: Up = UP
    """Axis that points up in the pictures. If it is not given, y for chairs and all other families of draw_shapes."""
    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published: network and batches of the paper, for a large GPU."""
    steps: OptionalInt = None
    """Optimiser steps; 2000 unless --seconds is given."""
    model: DeepSDFConfig = field(default_factory=DeepSDFConfig)
    """Network, loss and sampling. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainDeepSDF:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainDeepSDF(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainDeepSDF) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=_name, counts=_counts, score=_score, files=_FILES)
    return run_command(command, arguments, _settings(arguments))


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
            steps=arguments.steps_or(STEPS),
            seconds=arguments.seconds,
            seed=arguments.seed,
            up=_up(arguments),
        )


def _up(arguments: TrainDeepSDF) -> Up:
    is_upright = arguments.folder is None and arguments.family in FAMILIES
    return "y" if is_upright and "up" not in arguments.typed else arguments.up


def _name(data: DrawnShapes | ShapeFolder) -> str:
    return data.family if isinstance(data, DrawnShapes) else Path(data.folder).name


def _counts(known: Mapping[str, "Mesh"], held_out: Mapping[str, "Mesh"]) -> str:
    return f"{len(known)} shapes to learn from, {len(held_out)} to be tested on"


def _score(
    folder: Path,
    model: "DeepSDF",
    settings: DeepSDFSettings,
    known: Mapping[str, "Mesh"],
    held_out: Mapping[str, "Mesh"],
) -> tuple[str, dict[str, Any]]:
    """Score the model on some shapes, and draw two pictures."""
    from diffshape.data import DistanceSamples
    from diffshape.models.deep_sdf.score import find_codes, score_deep_sdf
    from diffshape.report import completion_strip, interpolation_strip

    tested = dict(list(held_out.items())[:_SCORED])
    truths = list(tested.values())
    found = find_codes(model, truths)
    score = score_deep_sdf(model, list(known.values()), truths, found, recalled=_SCORED)
    interpolation_strip(model, path=folder / "strip.png", up=settings.up)
    seen = DistanceSamples(*(part[0].cpu() for part in found.seen))
    near = _NEAR * model.frame.scale
    completion_strip(model, truths[0], seen, found.half[0], near=near, path=folder / "completion.png", up=settings.up)
    return str(score), {"known": list(known)[:_SCORED], "held_out": list(tested), "score": score.to_dict()}

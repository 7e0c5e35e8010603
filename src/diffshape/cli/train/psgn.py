"""``diffshape train psgn``: images of shapes, drawn or from files, become a network that answers one with points."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.models.psgn.config import PUBLISHED_PSGN, PSGNConfig
from diffshape.models.psgn.settings import PSGNSettings

if TYPE_CHECKING:
    from diffshape.data import ShapeSet
    from diffshape.models import PSGN

_PRESETS = {"small": PSGNConfig(), "published": PUBLISHED_PSGN}
_SCORED = 40
"""Test shapes that are scored."""
_SHOWN = 4
"""Test shapes that are drawn, and answers to each."""
_FILES = {
    "model/": "the network, for diffshape.models.load",
    "answers.png": "test images, the true shapes, and several answers",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainPSGN(ShapeOptions):
    """Train a network that answers an image with points, in as many ways as the image leaves open (PSGN)."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published: the released network for images of 192 x 256 pixels,
    which are in files, for a large GPU."""
    steps: OptionalInt = None
    """Optimiser steps; 2000 unless --seconds is given."""
    model: PSGNConfig = field(default_factory=PSGNConfig)
    """Network, scheme and loss. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainPSGN:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainPSGN(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainPSGN) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=_score, files=_FILES)
    settings = typed_settings(PSGNSettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)


def _score(
    folder: Path, model: "PSGN", settings: PSGNSettings, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Score the model on the test images, and draw the answers to some of them."""
    from diffshape.models.psgn.score import score_psgn
    from diffshape.models.psgn.views import first_views
    from diffshape.report import answer_grid

    tested = test[:_SCORED]
    score = score_psgn(model, tested)
    images, truths = first_views(test[:_SHOWN], settings.config)
    answers = model.predict(images, count=_SHOWN)
    answer_grid(images, answers, truths, path=folder / "answers.png")
    return str(score), {"tested": list(tested.names), "score": score.to_dict()}

"""``diffshape train vecset``: points, drawn or from files, become sets of vectors, and these occupancies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.cli.train.surface_score import SURFACE_FILES, surface_score
from diffshape.models.vecset.config import PUBLISHED_VECSET, VecSetConfig
from diffshape.models.vecset.settings import VecSetSettings

_PRESETS = {"small": VecSetConfig(), "published": PUBLISHED_VECSET}


@dataclass(frozen=True, kw_only=True)
class TrainVecSet(ShapeOptions):
    """Train a vector-set autoencoder: a shape from points of its surface, whose code is a set of vectors."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published: networks and batches of the paper, for large GPUs."""
    steps: OptionalInt = None
    """Optimiser steps; 3000 unless --seconds is given."""
    model: VecSetConfig = field(default_factory=VecSetConfig)
    """Networks, loss and sampling. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainVecSet:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainVecSet(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainVecSet) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=surface_score, files=SURFACE_FILES)
    settings = typed_settings(VecSetSettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)

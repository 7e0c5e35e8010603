"""``diffshape train imnet``: voxels, drawn or from files, become codes, and codes occupancies, coarse cells first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.cli.train.surface_score import SURFACE_FILES, surface_score
from diffshape.models.imnet.config import ORIGINAL_IMNET, PUBLISHED_IMNET, ImNetConfig
from diffshape.models.imnet.settings import ImNetSettings

_PRESETS = {"small": ImNetConfig(), "published": PUBLISHED_IMNET, "original": ORIGINAL_IMNET}


@dataclass(frozen=True, kw_only=True)
class TrainImNet(ShapeOptions):
    """Train IM-NET: a shape from its voxels, learnt on coarse cells first and on fine ones last."""

    preset: Literal["small", "published", "original"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published, original: the improved and the first networks as
    published, for a large GPU."""
    steps: OptionalInt = None
    """Optimiser steps; 3000 unless --seconds is given."""
    model: ImNetConfig = field(default_factory=ImNetConfig)
    """Networks, loss and sampling. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainImNet:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainImNet(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainImNet) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=surface_score, files=SURFACE_FILES)
    settings = typed_settings(ImNetSettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)

"""``diffshape train occupancy``: shapes, drawn or from files, become a network that tells inside from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.cli.train.surface_score import SURFACE_FILES, surface_score
from diffshape.models.occupancy.config import (
    PUBLISHED_OCCUPANCY,
    PUBLISHED_OCCUPANCY_VAE,
    PUBLISHED_VOXEL_OCCUPANCY,
    OccupancyConfig,
)
from diffshape.models.occupancy.settings import OccupancySettings

_PRESETS = {
    "small": OccupancyConfig(),
    "published": PUBLISHED_OCCUPANCY,
    "published-voxels": PUBLISHED_VOXEL_OCCUPANCY,
    "published-vae": PUBLISHED_OCCUPANCY_VAE,
}


@dataclass(frozen=True, kw_only=True)
class TrainOccupancy(ShapeOptions):
    """Train an Occupancy Network: the surface of a shape from some of its points, its voxels or an image."""

    shapes: int = 800
    """Number of drawn shapes to learn from."""
    preset: Literal["small", "published", "published-voxels", "published-vae"] = "small"
    """Defaults of model.*. small: minutes on a CPU. The others: networks and batches of the paper, for a large GPU."""
    steps: OptionalInt = None
    """Optimiser steps; 3000 unless --seconds is given."""
    model: OccupancyConfig = field(default_factory=OccupancyConfig)
    """Networks, loss and sampling. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainOccupancy:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainOccupancy(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainOccupancy) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=surface_score, files=SURFACE_FILES)
    settings = typed_settings(OccupancySettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)

"""``diffshape train occupancy``: shapes, drawn or from files, become a network that tells inside from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffshape.cli.fit.defaults import named_in
from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.models.occupancy.config import (
    PUBLISHED_OCCUPANCY,
    PUBLISHED_OCCUPANCY_VAE,
    PUBLISHED_VOXEL_OCCUPANCY,
    STEPS,
    OccupancyConfig,
)
from diffshape.models.occupancy.settings import OccupancySettings

if TYPE_CHECKING:
    from diffshape.data import ShapeSet
    from diffshape.models import OccupancyNetwork

_PRESETS = {
    "small": OccupancyConfig(),
    "published": PUBLISHED_OCCUPANCY,
    "published-voxels": PUBLISHED_VOXEL_OCCUPANCY,
    "published-vae": PUBLISHED_OCCUPANCY_VAE,
}
_SHOWN = 4
"""Test shapes in the picture."""
_SIZE = 180
"""Side of a panel of the picture in pixels."""
_FILES = {
    "model/": "the networks, for diffshape.models.load",
    "shapes.png": "test shapes: points of the true ones, and the surfaces that were decoded",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
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
    return TrainOccupancy(model=_PRESETS.get(named_in(words, "preset")["preset"] or "", OccupancyConfig()))


def run(arguments: TrainOccupancy) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=_score, files=_FILES)
    settings = OccupancySettings(
        data=shape_source(arguments),
        config=arguments.model,
        steps=arguments.steps_or(STEPS),
        seconds=arguments.seconds,
        seed=arguments.seed,
    )
    return run_command(command, arguments, settings)


def _score(
    folder: Path, model: "OccupancyNetwork", settings: OccupancySettings, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Score the model on the test shapes, and draw some of them."""
    from diffshape.models.occupancy.score import score_occupancy
    from diffshape.report import shape_strip

    score = score_occupancy(model, test)
    few = test[:_SHOWN]
    (points,) = few.require("points", by="train occupancy")
    meshes = model.decode_codes(model.codes_of(few))
    panels = [panel for pair in zip(points, meshes) for panel in (("true", pair[0]), ("decoded", tuple(pair[1])))]
    shape_strip(panels, path=folder / "shapes.png", size=_SIZE, up="y")
    return str(score), {"tested": list(test.names), "score": score.to_dict()}

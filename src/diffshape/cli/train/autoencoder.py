"""``diffshape train autoencoder``: drawn shapes, or shapes in files, become codes of point clouds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.models.autoencoders.point_net_config import PUBLISHED_POINT_NET, PointNetConfig
from diffshape.models.autoencoders.settings import AutoencoderSettings

if TYPE_CHECKING:
    from diffshape.data import ShapeSet
    from diffshape.models import PointNetModel

_PRESETS = {"small": PointNetConfig(), "published": PUBLISHED_POINT_NET}
_FILES = {
    "model/": "the autoencoder, for diffshape.models.load and diffshape train flow --autoencoder",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainAutoencoder(ShapeOptions):
    """Train a PointNet autoencoder of point clouds, on whose codes mixtures, GANs and flows generate shapes."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published: network and batches of latent_3d_points."""
    steps: OptionalInt = None
    """Optimiser steps; 1000 unless --seconds is given."""
    model: PointNetConfig = field(default_factory=PointNetConfig)
    """Network, loss and batches. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainAutoencoder:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainAutoencoder(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainAutoencoder) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=_score, files=_FILES)
    settings = typed_settings(AutoencoderSettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)


def _score(
    folder: Path, model: "PointNetModel", settings: AutoencoderSettings, learn: "ShapeSet", test: "ShapeSet"
) -> tuple[str, dict[str, Any]]:
    """Score reconstructions of both."""
    from diffshape.models.autoencoders.score import score_autoencoder

    score = score_autoencoder(model, learn, test)
    return str(score), {"score": score.to_dict()}

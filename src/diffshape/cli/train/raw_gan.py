"""``diffshape train raw-gan``: drawn shapes, or shapes in files, become a network that draws point clouds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.cli.train.set_score import score_samples
from diffshape.cli.train.shape_options import ShapeOptions, shape_counts, shape_source, source_name
from diffshape.models.generative.adversarial.config import PUBLISHED_RAW_GAN, RawGANConfig
from diffshape.models.generative.adversarial.settings import RawGANSettings

_PRESETS = {"small": RawGANConfig(), "published": PUBLISHED_RAW_GAN}
_FILES = {
    "model/": "the generator, for diffshape.models.load",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}


@dataclass(frozen=True, kw_only=True)
class TrainRawGAN(ShapeOptions):
    """Train a GAN of point clouds, without codes: the baseline that generators of codes are better than."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. small: minutes on a CPU. published: networks and batches of latent_3d_points."""
    steps: OptionalInt = None
    """Updates of generator and critic together; 3000 unless --seconds is given."""
    model: RawGANConfig = field(default_factory=RawGANConfig)
    """Objective, networks and batches. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainRawGAN:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainRawGAN(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainRawGAN) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=source_name, counts=shape_counts, score=score_samples, files=_FILES)
    settings = typed_settings(RawGANSettings, shape_source(arguments), arguments)
    return run_command(command, arguments, settings)

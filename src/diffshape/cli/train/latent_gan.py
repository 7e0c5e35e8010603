"""``diffshape train latent-gan``: codes of a trained autoencoder become a network that draws new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.code_options import (
    FILES,
    CodeOptions,
    autoencoder_name,
    coded_counts,
    score_coded,
    trained_autoencoder,
)
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import chosen_preset, typed_settings
from diffshape.models.generative.adversarial.config import PUBLISHED_LATENT_GAN, LatentGANConfig
from diffshape.models.generative.adversarial.settings import LatentGANSettings

_PRESETS = {"small": LatentGANConfig(), "published": PUBLISHED_LATENT_GAN}


@dataclass(frozen=True, kw_only=True)
class TrainLatentGAN(CodeOptions):
    """Learn to draw the codes of a trained autoencoder by an adversary; new shapes are decoded from them."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. published: those of latent_3d_points, for codes that end in a ReLU."""
    steps: OptionalInt = None
    """Updates of generator and critic together; 12000 unless --seconds is given."""
    model: LatentGANConfig = field(default_factory=LatentGANConfig)
    """Objective, networks and batches. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainLatentGAN:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainLatentGAN(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainLatentGAN) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=autoencoder_name, counts=coded_counts, score=score_coded, files=FILES)
    settings = typed_settings(LatentGANSettings, trained_autoencoder(arguments), arguments)
    return run_command(command, arguments, settings)

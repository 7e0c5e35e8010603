"""``diffshape train latent-gan``: codes of a trained autoencoder become a network that draws new ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from diffshape.cli.errors import usage_errors
from diffshape.cli.fit.defaults import named_in
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
from diffshape.models.generative.adversarial.config import LATENT_STEPS, PUBLISHED_LATENT_GAN, LatentGANConfig
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
    return TrainLatentGAN(model=_PRESETS.get(named_in(words, "preset")["preset"] or "", LatentGANConfig()))


def run(arguments: TrainLatentGAN) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=autoencoder_name, counts=coded_counts, score=score_coded, files=FILES)
    return run_command(command, arguments, _settings(arguments))


def _settings(arguments: TrainLatentGAN) -> LatentGANSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    source = trained_autoencoder(arguments)
    if source is None:
        return LatentGANSettings()
    with usage_errors():
        return LatentGANSettings(
            data=source,
            config=arguments.model,
            steps=arguments.steps_or(LATENT_STEPS),
            seconds=arguments.seconds,
            seed=arguments.seed,
        )

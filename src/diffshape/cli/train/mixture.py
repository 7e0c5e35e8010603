"""``diffshape train mixture``: codes of a trained autoencoder become a Gaussian mixture."""

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
from diffshape.cli.train.options import chosen_preset, refuse_unused, typed_settings
from diffshape.models.generative.mixture.config import PUBLISHED_MIXTURE, MixtureConfig
from diffshape.models.generative.mixture.settings import MixtureSettings

_PRESETS = {"small": MixtureConfig(), "published": PUBLISHED_MIXTURE}
_NO_STEPS = "a mixture is fitted, which takes seconds and makes no optimiser step"
_UNUSED = {"seconds": _NO_STEPS, "log": _NO_STEPS}


@dataclass(frozen=True, kw_only=True)
class TrainMixture(CodeOptions):
    """Fit a Gaussian mixture to the codes of a trained autoencoder, in seconds; needs scikit-learn."""

    preset: Literal["small", "published"] = "small"
    """Defaults of model.*. published: 32 Gaussians, for thousands of shapes."""
    steps: OptionalInt = None
    """Rounds of expectation-maximisation at most; 200 if not given."""
    model: MixtureConfig = field(default_factory=MixtureConfig)
    """Number and smoothness of the Gaussians. The defaults shown are the preset's."""


def defaults_for(words: Sequence[str]) -> TrainMixture:
    """The arguments before the flags are read: as the preset that the words name has them."""
    return TrainMixture(model=chosen_preset(words, _PRESETS))


def run(arguments: TrainMixture) -> int:
    """Fit, score, write, tell."""
    files = {name: text for name, text in FILES.items() if name != "log.csv"}
    command = TrainCommand(name=autoencoder_name, counts=coded_counts, score=score_coded, files=files)
    source = trained_autoencoder(arguments)
    refuse_unused(arguments.typed, _UNUSED)
    settings = typed_settings(MixtureSettings, source, arguments)
    return run_command(command, arguments, settings)

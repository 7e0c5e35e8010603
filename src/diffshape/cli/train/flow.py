"""``diffshape train flow``: codes of a trained autoencoder become a flow that new ones are drawn from."""

from dataclasses import dataclass, field

from diffshape.cli.errors import usage_errors
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
from diffshape.models.generative.flow.config import STEPS, FlowConfig
from diffshape.models.generative.flow.settings import FlowSettings


@dataclass(frozen=True, kw_only=True)
class TrainFlow(CodeOptions):
    """Learn a flow from noise to the codes of a trained autoencoder, which new shapes are decoded from."""

    steps: OptionalInt = None
    """Optimiser steps; 4000 unless --seconds is given."""
    model: FlowConfig = field(default_factory=FlowConfig)
    """Network, batches and solver."""


def run(arguments: TrainFlow) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=autoencoder_name, counts=coded_counts, score=score_coded, files=FILES)
    return run_command(command, arguments, _settings(arguments))


def _settings(arguments: TrainFlow) -> FlowSettings:
    """The arguments as settings, checked before anything heavy is imported."""
    source = trained_autoencoder(arguments)
    if source is None:
        return FlowSettings()
    with usage_errors():
        return FlowSettings(
            data=source,
            config=arguments.model,
            steps=arguments.steps_or(STEPS),
            seconds=arguments.seconds,
            seed=arguments.seed,
        )

"""``diffshape train flow``: codes of a trained autoencoder become a flow that new ones are drawn from."""

from dataclasses import dataclass, field

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
from diffshape.cli.train.options import typed_settings
from diffshape.models.generative.flow.config import FlowConfig
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
    settings = typed_settings(FlowSettings, trained_autoencoder(arguments), arguments)
    return run_command(command, arguments, settings)

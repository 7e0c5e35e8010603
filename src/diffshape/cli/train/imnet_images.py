"""``diffshape train imnet-images``: images of shapes become the codes of a trained IM-NET, and these surfaces."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffshape.cli.parsing.options import OptionalInt
from diffshape.cli.train.code_options import CodeOptions, autoencoder_name, coded_counts, trained_autoencoder
from diffshape.cli.train.command import TrainCommand, run_command
from diffshape.cli.train.options import typed_settings
from diffshape.cli.train.surface_score import SURFACE_FILES, surface_score
from diffshape.models.imnet.images.config import ImNetImagesConfig
from diffshape.models.imnet.images.settings import ImNetImagesSettings

if TYPE_CHECKING:
    from diffshape.models.generative.codes_to_learn import CodedShapes
    from diffshape.models.surface_model import SurfaceModel


@dataclass(frozen=True, kw_only=True)
class TrainImNetImages(CodeOptions):
    """Learn to see the code of a shape in one image of it: the codes of a run of diffshape train imnet (IM-SVR)."""

    steps: OptionalInt = None
    """Optimiser steps; 1000 unless --seconds is given."""
    model: ImNetImagesConfig = field(default_factory=ImNetImagesConfig)
    """Network and batches."""


def run(arguments: TrainImNetImages) -> int:
    """Train, score, write, tell."""
    command = TrainCommand(name=autoencoder_name, counts=coded_counts, score=_score, files=SURFACE_FILES)
    settings = typed_settings(ImNetImagesSettings, trained_autoencoder(arguments), arguments)
    return run_command(command, arguments, settings)


def _score(
    folder: Path, model: "SurfaceModel", settings: Any, learn: "CodedShapes", test: "CodedShapes"
) -> tuple[str, dict[str, Any]]:
    """Score the surfaces seen in the first image of each test shape."""
    return surface_score(folder, model, settings, learn.shapes, test.shapes)

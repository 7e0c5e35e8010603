"""Options of every ``diffshape train`` that learns the codes of a trained autoencoder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffshape.cli.errors import UsageError
from diffshape.cli.folders import input_folder
from diffshape.cli.parsing.options import OptionalPath
from diffshape.cli.train.options import TrainOptions, check_options
from diffshape.cli.train.set_score import score_samples
from diffshape.cli.train.shape_options import shape_counts
from diffshape.models.generative.settings import TrainedAutoencoder

if TYPE_CHECKING:
    from diffshape.models.generative.codes_to_learn import CodedShapes


@dataclass(frozen=True, kw_only=True)
class CodeOptions(TrainOptions):
    """Options of the codes beside those of every training."""

    autoencoder: OptionalPath = None
    """Run folder of a finished training of an autoencoder, such as diffshape train autoencoder prints. The codes of the
    shapes that it learnt from are learnt."""


def trained_autoencoder(arguments: CodeOptions) -> TrainedAutoencoder | None:
    """The autoencoder that was typed; None beside --resume.

    Raises:
        UsageError: There is none, or no such folder, or what a resumed training cannot change was typed.
    """
    check_options(arguments)
    if arguments.resume is not None:
        return None
    if arguments.autoencoder is None:
        raise UsageError("--autoencoder is missing: give the run folder of diffshape train autoencoder")
    return TrainedAutoencoder(folder=str(input_folder(arguments.autoencoder, "a training").resolve()))


def autoencoder_name(data: TrainedAutoencoder) -> str:
    """The name that a run folder has by default: that of the autoencoder's."""
    return Path(data.folder).name


def coded_counts(learn: "CodedShapes", test: "CodedShapes") -> str:
    """How many shapes there are whose codes are learnt, and to be tested on."""
    return shape_counts(learn.shapes, test.shapes)


def score_coded(
    folder: Path, model: Any, settings: Any, learn: "CodedShapes", test: "CodedShapes"
) -> tuple[str, dict[str, Any]]:
    """Score samples against the test shapes."""
    return score_samples(folder, model, settings, learn.shapes, test.shapes)


FILES = {
    "model/": "the generator and its autoencoder, for diffshape.models.load",
    "metrics.json": "the score",
    "log.csv": "the loss along the way",
    "config.yaml": "every setting",
}
"""Files of the run folder, and what each is."""

"""``diffshape sample``: new shapes from a trained family, as files and a picture."""

from dataclasses import dataclass

from diffshape._bounds import check_seed, check_whole
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import fresh_folder, model_path
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions
from diffshape.cli.trained.shape_files import write_shapes

MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Sample(VerbOptions):
    """Draw new shapes from a trained family, as PLY files and a picture of all of them."""

    run: RunPath
    """Folder of a training, or of a saved model."""
    count: int = 12
    """Number of shapes, up to 10,000."""
    seed: int = 0
    """Seed of the draw: the same seed gives the same shapes."""
    out: OptionalPath = None
    """Folder to write to, new or empty. Default: a folder in RUN/samples named after the time."""


def run(arguments: Sample) -> int:
    """Load, draw, write."""
    with usage_errors():
        check_whole("--count", arguments.count, 1, MOST)
        check_seed("--seed", arguments.seed)
    folder = model_path(arguments.run)
    out = fresh_folder(arguments.out, folder / "samples")
    from diffshape.models.trained_family import made_shapes, read_family

    family = read_family(folder)
    sample = family.ability(
        "sample", "draws no new shapes; generators do, such as a mixture or a flow of the codes of an autoencoder"
    )
    shapes = made_shapes(sample(arguments.count, seed=arguments.seed), by=str(folder))
    write_shapes(out, {f"{number:04}": shape for number, shape in enumerate(shapes)}, up=family.up)
    return 0

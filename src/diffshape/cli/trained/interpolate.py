"""``diffshape interpolate``: shapes between two others, at equal steps between their codes."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from diffshape._bounds import check_whole
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import fresh_folder, model_path
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions
from diffshape.cli.trained.shape_files import write_shapes

MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Interpolate(VerbOptions):
    """Make the shapes between two others, as PLY files and a picture: equal steps between their codes."""

    run: RunPath
    """Folder of a training, or of a saved model."""
    first: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="A")]
    """Shape to begin with: name or number (from 0) of a shape of the training, or a file in its coordinates."""
    last: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="B")]
    """Shape to end with, in any of these forms."""
    steps: int = 6
    """Number of shapes, A and B as the model makes them included; up to 1,000."""
    out: OptionalPath = None
    """Folder to write to, new or empty. Default: a folder in RUN/interpolations named after the time."""


def run(arguments: Interpolate) -> int:
    """Load, find both codes, decode what is between them, write."""
    with usage_errors():
        check_whole("--steps", arguments.steps, 2, MOST)
    folder = model_path(arguments.run)
    out = fresh_folder(arguments.out, folder / "interpolations")
    from diffshape.models.trained_family import made_shapes, read_family

    family = read_family(folder)
    interpolate, decode = (family.ability(name, "has no codes of shapes") for name in ("interpolate", "decode_codes"))
    codes = interpolate(family.code_of(arguments.first), family.code_of(arguments.last), arguments.steps)
    shapes = made_shapes(decode(codes), by=str(folder))
    names = [f"{number:04}" for number in range(arguments.steps)]
    write_shapes(out, dict(zip(names, shapes)), up=family.up)
    return 0

"""``diffshape eval``: how far a surface, or a cloud, is from the true surface."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from diffshape._bounds import SCORE_BYTES, check_fits
from diffshape._commands import typed_as
from diffshape.cli.errors import usage_errors
from diffshape.cli.folders import run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.parsing.options import VerbOptions
from diffshape.fitting.inputs.input_file import input_file
from diffshape.training.run_folder import RunFolder

if TYPE_CHECKING:
    from diffshape.metrics import CloudScore


@dataclass(frozen=True, kw_only=True)
class Eval(VerbOptions):
    """Score a surface or a point cloud against the true surface; lengths are shares of the truth's longest side."""

    pred: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PRED")]
    """Surface or cloud to score: a mesh file, the folder of a fit, or a file of points (a table, or a PLY without
    faces)."""
    truth: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="TRUTH")]
    """The true surface: a mesh file in the same coordinates, or the folder of a fit."""
    samples: int = 50_000
    """Number of points drawn on each surface; of a cloud all points are used."""
    json: bool = False
    """Print the score as JSON."""


def run(arguments: Eval) -> int:
    """Read both, compare, print."""
    with usage_errors():
        check_fits("--samples", arguments.samples, SCORE_BYTES)
    from diffshape.data import Mesh, read_mesh, read_shape
    from diffshape.metrics import compare_cloud_to_surface, compare_surfaces

    pred, truth = _surface_file(arguments.pred), read_mesh(_surface_file(arguments.truth))
    shape = read_shape(pred)
    if isinstance(shape, Mesh):
        show_hint(frame_hint(str(arguments.pred), shape.vertices, str(arguments.truth), truth.vertices))
        score = compare_surfaces(shape, truth, samples=arguments.samples)
    else:
        for note in shape.notes:
            print(f"{pred}: {note}", file=sys.stderr)
        show_hint(frame_hint(str(arguments.pred), shape.points, str(arguments.truth), truth.vertices))
        score = compare_cloud_to_surface(shape.points, truth, samples=arguments.samples)
        if not arguments.json:
            print(_explained(pred, arguments.truth, score))
    print(json.dumps(score.to_dict()) if arguments.json else score)
    return 0


def _surface_file(path: Path) -> Path:
    """A mesh file, or that of a run.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is a folder that holds no surface.
        UsageError: It is that of a training.
    """
    if (path / "mesh.ply").is_file():
        return path / "mesh.ply"
    if RunFolder(path).is_begun:
        run_path(path)
        raise ValueError(
            f"{path} has no mesh.ply yet; write it with {typed_as('mesh', path, '--out', path / 'mesh.ply')}"
        )
    return input_file(path)


def _explained(pred: Path, truth: Path, score: "CloudScore") -> str:
    """Explanation of the numbers of a cloud."""
    return (
        f"{pred}: a cloud of {score.points:,} points, against the surface of {truth}; lengths are shares of its\n"
        f"longest side, {score.longest_side:g}. accuracy: mean distance of the points to the surface; completeness: "
        "mean\ndistance of the surface to the nearest point, which even points of the truth itself leave above 0"
    )

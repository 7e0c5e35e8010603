"""``diffshape eval``: how far a surface is from the true one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from diffshape._bounds import SCORE_BYTES, check_fits
from diffshape.cli.errors import typed_as, usage_errors
from diffshape.cli.folders import input_file, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.options import VerbOptions


@dataclass(frozen=True, kw_only=True)
class Eval(VerbOptions):
    """Score a surface against the true one; lengths are shares of the truth's longest side."""

    pred: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PRED")]
    """A mesh file, or the folder of a fit."""
    truth: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="TRUTH")]
    """The true surface: a mesh file in the same coordinates, or the folder of a fit."""
    samples: int = 50_000
    """Points drawn on each surface."""
    json: bool = False
    """Print the score as JSON."""


def run(arguments: Eval) -> int:
    """Read both, compare, print."""
    with usage_errors():
        check_fits("--samples", arguments.samples, SCORE_BYTES)
    from diffshape.data import read_mesh
    from diffshape.metrics import compare_surfaces

    pred, truth = read_mesh(_surface_file(arguments.pred)), read_mesh(_surface_file(arguments.truth))
    show_hint(frame_hint(str(arguments.pred), pred.vertices, str(arguments.truth), truth.vertices))
    score = compare_surfaces(pred, truth, samples=arguments.samples)
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
    if (path / "config.yaml").is_file():
        run_path(path)
        raise ValueError(
            f"{path} has no mesh.ply yet; write it with {typed_as('mesh', path, '--out', path / 'mesh.ply')}"
        )
    return input_file(path)

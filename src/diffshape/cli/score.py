"""``diffshape eval``: how far a surface is from the true one."""

import json
from dataclasses import dataclass
from pathlib import Path

import tyro

from diffshape._bounds import SCORE_BYTES, check_fits
from diffshape.cli.errors import usage_errors
from diffshape.cli.options import VerbOptions


@dataclass(frozen=True, kw_only=True)
class Eval(VerbOptions):
    """Score a surface against the true one; lengths are shares of the truth's longest side."""

    pred: tyro.conf.Positional[Path]
    """A mesh file, or the folder of a fit."""
    truth: tyro.conf.Positional[Path]
    """The true surface, a mesh file in the same coordinates."""
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

    pred = arguments.pred / "mesh.ply" if arguments.pred.is_dir() else arguments.pred
    score = compare_surfaces(read_mesh(pred), read_mesh(arguments.truth), samples=arguments.samples)
    print(json.dumps(score.to_dict()) if arguments.json else score)
    return 0

"""``diffshape eval``: how far a surface, or a cloud, is from the true surface."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from diffshape.cli.errors import UsageError

if TYPE_CHECKING:
    from diffshape.metrics import CloudScore


@dataclass(frozen=True)
class Eval:
    """Score a surface or a point cloud against the true surface; lengths are shares of the truth's longest side."""

    pred: tyro.conf.Positional[Path]
    """A mesh file, the folder of a fit, or a file of points (a table, or a PLY without faces)."""
    truth: tyro.conf.Positional[Path]
    """The true surface, a mesh file in the same coordinates."""
    samples: int = 50_000
    """Points drawn on each surface; of a cloud all points count."""
    json: bool = False
    """Print the score as JSON."""
    debug: bool = False
    """Show the traceback of an error."""


def run(arguments: Eval) -> int:
    """Read both, compare, print."""
    if arguments.samples < 1:
        raise UsageError(f"--samples must be at least 1, got {arguments.samples}")
    from diffshape.data import read_mesh, read_points
    from diffshape.data.meshes import holds_faces
    from diffshape.metrics import compare_cloud_to_surface, compare_surfaces

    pred = arguments.pred / "mesh.ply" if arguments.pred.is_dir() else arguments.pred
    truth = read_mesh(arguments.truth)
    if holds_faces(pred):
        score = compare_surfaces(read_mesh(pred), truth, samples=arguments.samples)
    else:
        cloud = read_points(pred)
        for note in cloud.notes:
            print(f"{pred}: {note}", file=sys.stderr)
        score = compare_cloud_to_surface(cloud.points, truth, samples=arguments.samples)
        if not arguments.json:
            print(_explained(pred, arguments.truth, score))
    print(json.dumps(score.to_dict()) if arguments.json else score)
    return 0


def _explained(pred: Path, truth: Path, score: "CloudScore") -> str:
    """What the numbers of a cloud are."""
    return (
        f"{pred}: a cloud of {score.points:,} points, against the surface of {truth}; lengths are shares of its\n"
        f"longest side, {score.longest_side:g}. accuracy: mean distance of the points to the surface; completeness: "
        "mean\ndistance of the surface to the nearest point, which even points of the truth itself leave above 0"
    )

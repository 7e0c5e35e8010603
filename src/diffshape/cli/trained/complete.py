"""``diffshape complete``: the whole surface of a shape of which a scan has seen a part."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from diffshape.cli.folders import model_path, output_file
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions
from diffshape.fitting.inputs.input_file import input_file

_SUFFIXES = (".ply", ".obj", ".stl", ".off", ".glb")


@dataclass(frozen=True, kw_only=True)
class Complete(VerbOptions):
    """Complete a scan by a trained family: the surface that fits the points, and a picture beside them."""

    run: RunPath
    """Folder of a training, or of a saved model."""
    points: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="POINTS")]
    """File of points on the surface, placed, turned and scaled as the shapes of the training are."""
    out: OptionalPath = None
    """Mesh file to write: PLY, OBJ, STL, OFF or GLB; the picture is beside it, as PNG. Default:
    RUN/completed_POINTS.ply."""


def run(arguments: Complete) -> int:
    """Load, complete, write."""
    folder = model_path(arguments.run)
    path = output_file(arguments.out or folder / f"completed_{arguments.points.stem}.ply", _SUFFIXES)
    input_file(arguments.points)
    import torch

    from diffshape.data import clean_points, write_mesh
    from diffshape.models.trained_family import read_family
    from diffshape.report import shape_strip

    family = read_family(folder)
    complete = family.ability(
        "complete", "completes no scans; those that read points do, such as an occupancy network or DeepSDF"
    )
    cloud = clean_points(arguments.points)
    for note in cloud.notes:
        print(f"{arguments.points}: {note}")
    points = torch.from_numpy(cloud.points)
    mesh = complete(points.float())
    if not len(mesh.faces):
        raise ValueError(
            f"{arguments.points}: the model finds no surface there; are the points placed and scaled as the shapes of "
            "its training are?"
        )
    write_mesh(path, mesh)
    shape_strip([("points", points), ("completed", tuple(mesh))], path=path.with_suffix(".png"), up=family.up)
    print(f"{path}: {len(mesh.vertices):,} vertices, {len(mesh.faces):,} faces; picture: {path.with_suffix('.png')}")
    return 0

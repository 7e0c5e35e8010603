"""``diffshape query``: signed distances of points from a surface, fitted or learnt, a row in, a row out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from diffshape.cli.folders import model_path, output_file, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.parsing.options import OptionalPath, OptionalShape, RunPath, VerbOptions
from diffshape.fitting.inputs.input_file import input_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUFFIXES = (".npy", ".csv")
_RESOLUTION = 128
"""Grid nodes along the side of the box in which a shape of a training is meshed to measure distances from it."""


@dataclass(frozen=True, kw_only=True)
class Query(VerbOptions):
    """Signed distances of points from the surface of a fit: negative inside, in the unit of the scan; or from that of a
    shape of a training."""

    run: RunPath
    """Folder of a fit; with --shape, of a training or of a saved model."""
    points: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="POINTS")]
    """File of points in the coordinates of the scan; the vertices if it is a mesh."""
    shape: OptionalShape = None
    """Shape of a training: a file of it, or the name or number of one that was learnt from."""
    out: OptionalPath = None
    """File to write, NPY (distances) or CSV (x, y, z, distance). Default: none, only a summary is printed."""


def run(arguments: Query) -> int:
    """Load, query, write, print a summary. A row that is not finite has the distance NaN."""
    folder = run_path(arguments.run) if arguments.shape is None else model_path(arguments.run)
    if arguments.out is not None:
        output_file(arguments.out, _SUFFIXES)
    input_file(arguments.points)
    import numpy as np

    from diffshape.data.formats.point_formats import read_table

    table = read_table(arguments.points)
    points = table.points
    finite = np.isfinite(points).all(axis=1)
    distances = np.full(len(points), np.nan)
    surface, query = _surface(folder, arguments.shape)
    show_hint(frame_hint(str(arguments.points), points[finite], str(folder), surface, parts=True))
    distances[finite] = query(points[finite])
    for note in table.notes:
        print(f"{arguments.points}: {note}", file=sys.stderr)
    print(_summary(distances))
    if arguments.out is not None:
        _write(arguments.out, points, distances)
        print(f"written to {arguments.out}")
    return 0


def _surface(folder: Path, shape: str | None) -> "tuple[NDArray[np.float64], Callable[[NDArray[np.float64]], Any]]":
    """Points of the surface, and a function from points to their signed distances."""
    if shape is None:
        from diffshape.fitting import load

        result = load(folder)
        return result.frame.from_unit(result.target.points.double().numpy()), result.query
    import torch

    from diffshape.data import SignedDistance
    from diffshape.models.trained_family import read_family

    mesh = read_family(folder).surface_of(shape, _RESOLUTION)
    exact = SignedDistance(mesh)

    def query(points: "NDArray[np.float64]") -> "NDArray[np.float64]":
        inside = torch.from_numpy(exact.frame.to_unit(points))
        return exact.frame.distances_from_unit(exact(inside)).numpy()

    return mesh.vertices, query


def _summary(distances: "NDArray[np.float64]") -> str:
    import numpy as np

    known = distances[np.isfinite(distances)]
    if not len(known):
        return f"{len(distances):,} points, none of them finite"
    lost = len(distances) - len(known)
    return (
        f"{len(distances):,} points, {(known < 0).mean():.1%} inside, "
        f"distances {known.min():.6g} to {known.max():.6g}, mean size {np.abs(known).mean():.6g}"
        + (f"; {lost:,} are not finite and get NaN" if lost else "")
    )


def _write(path: Path, points: "NDArray[np.float64]", distances: "NDArray[np.float64]") -> None:
    import numpy as np

    from diffshape.data import atomic_path, write_points

    if path.suffix.lower() == ".npy":
        with atomic_path(path) as temporary:
            np.save(temporary, distances, allow_pickle=False)
    else:
        write_points(path, points, attributes={"distance": distances})

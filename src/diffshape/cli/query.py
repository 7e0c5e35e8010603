"""``diffshape query``: signed distances of points from a fitted surface, a row in, a row out."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from diffshape.batch.input_file import input_file
from diffshape.cli.folders import output_file, run_path
from diffshape.cli.frame_hint import frame_hint, show_hint
from diffshape.cli.parsing.options import OptionalPath, RunPath, VerbOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUFFIXES = (".npy", ".csv")


@dataclass(frozen=True, kw_only=True)
class Query(VerbOptions):
    """Signed distances of points from the surface of a fit: negative inside, in the unit of the scan."""

    run: RunPath
    """Folder of a fit."""
    points: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="POINTS")]
    """File of points in the coordinates of the scan; the vertices if it is a mesh."""
    out: OptionalPath = None
    """File to write, NPY (distances) or CSV (x, y, z, distance). Default: none, only a summary is printed."""


def run(arguments: Query) -> int:
    """Load, query, write, print a summary. A row that is not finite has the distance NaN."""
    folder = run_path(arguments.run)
    if arguments.out is not None:
        output_file(arguments.out, _SUFFIXES)
    input_file(arguments.points)
    import numpy as np

    from diffshape.data.formats.point_formats import read_table
    from diffshape.fitting import load

    table = read_table(arguments.points)
    points = table.points
    finite = np.isfinite(points).all(axis=1)
    distances = np.full(len(points), np.nan)
    result = load(folder)
    fitted = result.frame.from_unit(result.target.points.double().numpy())
    show_hint(frame_hint(str(arguments.points), points[finite], str(folder), fitted, parts=True))
    distances[finite] = result.query(points[finite])
    for note in table.notes:
        print(f"{arguments.points}: {note}", file=sys.stderr)
    print(_summary(distances))
    if arguments.out is not None:
        _write(arguments.out, points, distances)
        print(f"written to {arguments.out}")
    return 0


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

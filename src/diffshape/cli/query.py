"""``diffshape query``: signed distances of points from a fitted surface, a row in, a row out."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from diffshape.cli.errors import UsageError
from diffshape.cli.folders import run_path
from diffshape.cli.options import OptionalPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUFFIXES = (".npy", ".csv")


@dataclass(frozen=True)
class Query:
    """Signed distances of points from the surface of a fit: negative inside, in the unit of the scan."""

    run: tyro.conf.Positional[Path]
    """The folder of a fit."""
    points: tyro.conf.Positional[Path]
    """A file of points, in the coordinates of the scan; of a mesh, its vertices."""
    out: OptionalPath = None
    """NPY (distances) or CSV (x, y, z, distance). Without it only a summary is printed."""
    debug: bool = False
    """Show the traceback of an error."""


def run(arguments: Query) -> int:
    """Load, query, write, print a summary. A row that is not finite has the distance NaN."""
    folder = run_path(arguments.run)
    if arguments.out is not None and arguments.out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out {arguments.out}: unknown kind of file; query writes {', '.join(_SUFFIXES)}")
    import numpy as np

    from diffshape.data.point_formats import read_table
    from diffshape.fitting import load

    table = read_table(arguments.points)
    points = table.points
    finite = np.isfinite(points).all(axis=1)
    distances = np.full(len(points), np.nan)
    distances[finite] = load(folder).query(points[finite])
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

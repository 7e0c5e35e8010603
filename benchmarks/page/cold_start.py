"""The section of docs/benchmarks.md on first uses."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

COLD = """
## First use

The first call in a process, by `benchmarks/speed/cold_start.py`: Chamfer distance of 1,000 points with its gradient,
two steps of a fit to the scan of the demo, and to its true mesh. In the first process nothing was compiled before; the
second finds what the first has kept. Seconds are the processor's: `import` is that of PyTorch and diffshape, `call` is
the first call, of which `compiling` is a part. `functions` are those compiled, Numba's own among them.
"""
NAMES = {"chamfer": "`chamfer_distance`", "points": "`fit_points`", "mesh": "`fit_mesh`"}


def cold_start(rows: Sequence[Row]) -> str:
    """The section: a line for each process."""
    lines = [
        [
            f"{NAMES[row['work']]}, {row['process']} process",
            f"{row['import_seconds']:.1f}",
            f"{row['seconds']:.1f}",
            f"{row['compile_seconds']:.1f}",
            str(row["compiled"]),
        ]
        for row in rows
    ]
    return COLD + machines(rows) + table(["", "import", "call", "compiling", "functions"], lines)

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
STARTS = """
Starts of whole processes, the interpreter's own included: an import, or a verb that prints its help. A ratio is the
time over the budget; the slowest three verbs of {count}.
"""
SLOWEST = 3
NAMES = {"chamfer": "`chamfer_distance`", "points": "`fit_points`", "mesh": "`fit_mesh`"}


def cold_start(rows: Sequence[Row]) -> str:
    """The section: a line for each process, and one for each import and for the slowest verbs."""
    calls, starts = [row for row in rows if "work" in row], [row for row in rows if "start" in row]
    lines = [
        [
            f"{NAMES[row['work']]}, {row['process']} process",
            f"{row['import_seconds']:.1f}",
            f"{row['seconds']:.1f}",
            f"{row['compile_seconds']:.1f}",
            str(row["compiled"]),
        ]
        for row in calls
    ]
    section = COLD + machines(rows) + table(["", "import", "call", "compiling", "functions"], lines)
    return section + _starts(starts) if starts else section


def _starts(rows: Sequence[Row]) -> str:
    imports = [row for row in rows if row["start"].startswith("import ")]
    verbs = sorted((row for row in rows if row not in imports), key=lambda row: row["ratio"], reverse=True)
    lines = [
        [f"`{row['start']}`", f"{row['seconds']:.2f}", f"{row['budget']:.2f}", f"{row['ratio']:.2f}"]
        for row in imports + verbs[:SLOWEST]
    ]
    return STARTS.format(count=len(verbs)) + table(["", "seconds", "budget", "ratio"], lines)

"""The section of docs/benchmarks.md on many meshes at once."""

from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

MANY = """
## Many meshes at once

{meshes} {kind} meshes, {steps:,} steps each, with `fitting.fit_meshes` or by `fitting.fit_mesh` one after another, in
this process or in two with a thread each, by `benchmarks/speed/many_meshes.py`. Without stopping every way gives the
same bits. With it a shape goes no further once its own mean absolute error near the surface, at points kept out of
training, is 0.0005. Seconds are those of the fits, trees of the meshes included; the fewest are bold. MB is the peak of
the process, or of both together. Scores and steps are means over the meshes; mean absolute errors times 1000.
"""


def many_meshes(rows: Sequence[Row]) -> str:
    """The section: a line for each way."""
    least = min(row["seconds"] for row in rows)
    lines = [[row["way"], str(row["threads"]), *_cells(row, least)] for row in rows]
    head = ["", "threads", "seconds", "MB", "steps", "F1 near", "F1 volume", "MAE near", "MAE volume"]
    return MANY.format(**rows[0]) + machines(rows) + table(head, lines)


def _cells(row: Row, least: float) -> list[str]:
    scores, seconds = row["scores"], f"{row['seconds']:.1f}"
    return [
        f"**{seconds}**" if row["seconds"] == least else seconds,
        f"{row['megabytes']:.0f}",
        f"{scores['steps']:.0f}",
        f"{scores['f1_surface']:.4f}",
        f"{scores['f1_volume']:.4f}",
        f"{1000 * scores['mae_surface']:.2f}",
        f"{1000 * scores['mae_volume']:.2f}",
    ]

"""The section of the benchmark page on the live viewer of a fit."""

import statistics
from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

TEXT = """
## What the live viewer costs a fit

Fits of a drawn scan for the same seconds of processor time, with `--vis viewer` and a client that reads all it is sent,
and without, by turns, by `benchmarks/speed/live_viewer.py`. The share is the part of the processor time of a watched
fit that goes to the viewer, in the fit's own thread and in those of the server; below 10 % is aimed at. The ratio is
that of steps a second of processor time, with the viewer over without; other work on the machine disturbs it. Median
share: {share:.1f} %.
"""


def live_viewer(rows: Sequence[Row]) -> str:
    """A row for every pair of fits."""
    lines = [
        [
            row["method"],
            f"{row['seconds']:g}",
            str(row["surfaces"]),
            f"{row['drawing_cpu']:.2f}",
            f"{row['serving_cpu']:.2f}",
            f"{100 * row['share']:.1f}",
            f"{row['cpu_ratio']:.2f}",
        ]
        for row in rows
    ]
    share = 100 * statistics.median(row["share"] for row in rows)
    head = ["method", "s of each fit", "surfaces", "drawing, s", "serving, s", "share, %", "ratio of steps"]
    return TEXT.format(share=share) + machines(rows) + table(head, lines)

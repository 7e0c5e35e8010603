"""The sections of the benchmark page on looking at fits: the live viewer, the report, the first picture."""

import statistics
from collections.abc import Sequence

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

LIVE = """
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
    return LIVE.format(share=share) + machines(rows) + table(head, lines)


FIRST = """
## The first picture of a report and of the viewer

`report.html` of a fit with a truth and surfaces along the way, {faces:,} faces, has {megabytes:.1f} MB; below 6 is
aimed at. Milliseconds from the address to the first text and picture of the page, and to the first frame of the
surface to turn, in Chromium without a graphics card; by `benchmarks/speed/first_picture.py`, medians of {rounds}
windows. For the viewer the second is an upper bound, as frames are looked for in screenshots. The load of the machine
is that before.
"""


def first_picture(rows: Sequence[Row]) -> str:
    """A row for each window of the report and of the viewer."""
    lines = [
        [
            f"{row['what']}, {row['window']}",
            f"{row['paint_ms']:,}",
            f"{row['scene_ms']:,}",
            f"{row['load']:g}",
        ]
        for row in rows
    ]
    told = {"faces": rows[0]["faces"], "megabytes": rows[0]["bytes"] / 1e6, "rounds": rows[0]["rounds"]}
    return FIRST.format(**told) + machines(rows) + table(["", "first paint, ms", "surface, ms", "load"], lines)

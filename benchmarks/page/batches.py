"""The sections of the benchmark page on batches: failures, throughput, and what large ones cost."""

from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Row
from benchmarks.page.tables import machines, table

FAILURES = """
## Batches whose processes are killed

Small fits by `diffshape batch`, disturbed by `benchmarks/batches/failures.py`. local: a worker process is killed.
driver: the batch itself is killed, and the same command typed again. ray: on a cluster of three local nodes a worker
and a node are killed. several: on such a cluster two workers and a node are killed at different times, and one scan
more is damaged, which fails for good. groups: as ray, with encodings of small meshes, four trained together; what is
killed is encoded again one by one. "Other bits" are results that differ in a bit from those of an undisturbed serial
batch, in which every input is fitted by itself.
"""
THROUGHPUT = """
## Batches beside shells started by hand

The same scans by the same settings, one thread a fit, start-up included, by `benchmarks/batches/speed.py`. shells: one
command after another in as many shells as there are processors. Memory is that of a serial batch in one process, after
every tenth of its fits.
"""
PLANNING = """
## What large batches cost

Simulated by `benchmarks/batches/planning.py` with the times of 24 fits of 10,000 points in two processes side by side:
{fit_seconds} s a fit, {loading_seconds} s more for the first of a process, {driver_ms} ms of the driver's processor
time for a job (records on a local disk). A fit takes {fit_megabytes} MB of memory at most and leaves {folder_megabytes}
MB on disk. The driver is busy for a share of the time: near 1 it holds up the others, and `--shard` should divide the
work.
"""


def batch_failures(rows: Sequence[Row]) -> str:
    """A row for every way to disturb a batch."""
    names = ["fits", "results", "twice", "failed", "tried again", "other bits"]
    lines = [[way, *(str(row.get(name, 0)) for name in names)] for (way,), row in _newest(rows, "way").items()]
    head = ["killed", *names]
    return FAILURES + machines(rows) + table(head, lines)


def batch_throughput(rows: Sequence[Row]) -> str:
    """A row for every way to run a batch."""
    lines = [
        [
            way,
            str(row["fits"]),
            f"{row['points']:,}",
            str(row["processes"]) if way != "memory" else "1",
            f"{row['seconds']:.0f}",
            ", ".join(f"{megabytes:.0f}" for megabytes in row.get("megabytes", [])) or "–",
        ]
        for (way, _), row in _newest(rows, "way", "fits").items()
    ]
    head = ["way", "fits", "points", "processes", "s", "MB along the way"]
    return THROUGHPUT + machines(rows) + table(head, lines)


def batch_planning(rows: Sequence[Row]) -> str:
    """A row for every size of batch and number of processors."""
    lines = [
        [
            f"{row['jobs']:,}",
            f"{row['processors']:,}",
            f"{row['hours']:,.2f}",
            f"{row['processor_hours']:,}",
            f"{row['driver_busy']:.3f}",
            f"{row['memory_gb']:,.0f}",
            f"{row['disk_gb']:,}",
        ]
        for row in _newest(rows, "jobs", "processors").values()
    ]
    head = ["fits", "processors", "hours", "processor hours", "driver busy", "memory, GB", "disk, GB"]
    return PLANNING.format(**rows[-1]) + machines(rows) + table(head, lines)


def _newest(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], Row]:
    """The last row of those that agree in these values."""
    return {tuple(row[name] for name in names): row for row in rows}

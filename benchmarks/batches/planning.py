"""What a large batch will cost: a simulation of the executors with measured times.

    python -m benchmarks.batches.planning [--seconds 12] [--megabytes 1200] [--disk 6]

A driver gives jobs to processors one after another, each of which costs it some time (a record written before and one
after, measured here with jobs that do nothing); a job takes a time drawn from those measured; a process is loaded anew
after 50 jobs. Rows say how long 10,000 and 1,000,000 fits take on so many processors, the share of that time in which
the driver is busy, and the memory and disk that are needed.
"""

import argparse
import heapq
import random
import tempfile
import time
from pathlib import Path

from benchmarks.measure import RESULTS, Row, append_row, environment, read_rows
from diffshape.batch.executors.serial import Serial
from diffshape.batch.executors.worker import OLD
from diffshape.batch.jobs.job import Ending, Job
from diffshape.batch.jobs.records import Records
from diffshape.batch.jobs.run_jobs import run_jobs

LOADING = 3.0
"""Seconds in which a fresh process imports what a fit needs: the import of ``benchmarks.speed.cold_start``, rounded."""


def driver_seconds(jobs: int = 2000) -> float:
    """Seconds of the driver for a job: its records, on the disk of temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        batch = Path(folder)
        every = [Job(name=f"{number:06}", verb="fit", input="none", batch=batch) for number in range(jobs)]
        begun = time.perf_counter()
        run_jobs(every, Serial(lambda job: Ending(status="done")), Records(batch), retries=0)
        return (time.perf_counter() - begun) / jobs


def simulated(jobs: int, processors: int, times: list[float], driver: float, seed: int = 0) -> tuple[float, float]:
    """Seconds until all jobs are done, and those in which the driver was busy."""
    draw = random.Random(seed)
    free = [(0.0, 0)] * processors  # when a process is free, and how many jobs it has done
    heapq.heapify(free)
    now = end = 0.0
    for _ in range(jobs):
        ready, done = heapq.heappop(free)
        now = max(now, ready) + driver
        finish = now + draw.choice(times) + (LOADING if done % OLD == 0 else 0.0)
        end = max(end, finish)
        heapq.heappush(free, (finish, done + 1))
    return end, jobs * driver


def main() -> None:
    """Simulate, and append a row for each size of batch and of machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=1200.0, help="memory of a fit")
    parser.add_argument("--disk", type=float, default=6.0, help="MB of a run folder")
    parser.add_argument("--times", type=Path, default=RESULTS / "surface_quality.jsonl")
    parser.add_argument("--results", type=Path, default=RESULTS / "batch_planning.jsonl")
    options = parser.parse_args()
    rows = [row for row in read_rows(options.times) if row.get("preset") == "standard" and not row.get("variant")]
    times, driver = [row["seconds"] for row in rows], driver_seconds()
    for jobs in (10_000, 1_000_000):
        for processors in (2, 16, 128, 1024):
            seconds, busy = simulated(jobs, processors, times, driver)
            row: Row = {
                "jobs": jobs,
                "processors": processors,
                "hours": round(seconds / 3600, 2),
                "processor_hours": round(sum(times) / len(times) * jobs / 3600),
                "driver_busy": round(busy / seconds, 4),
                "driver_ms": round(1000 * driver, 2),
                "memory_gb": round(min(jobs, processors) * options.megabytes / 1000, 1),
                "disk_gb": round(jobs * options.disk / 1000),
            }
            append_row(options.results, row | {"environment": environment()})
            print(row, flush=True)


if __name__ == "__main__":
    main()

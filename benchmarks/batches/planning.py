"""What a large batch will cost: a simulation of the local pool with the times of a small one.

    python -m benchmarks.batches.planning [--batch outputs/batch-speed/local] [--processes 2]

The folder is that of a finished batch of fits, such as `benchmarks.batches.speed` leaves. Measured of it: the seconds
of its jobs; by how much the first job of each process took longer, which is the loading of what a fit needs; and the
disk that a run folder takes. Measured here: the largest memory of one of its fits, made again; and the processor time
of the driver for a job that does nothing: two records, two messages, a row of the table. A driver gives jobs to
processes one after another; a job takes a time drawn from those measured; a process is loaded anew after so many jobs
as in the pool. Rows say how long 10,000 and 1,000,000 fits take on so many processors, the share of that time in which
the driver is busy, and the memory and disk that are needed.
"""

import argparse
import heapq
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.measure import RESULTS, Row, append_row, environment
from diffshape.batch.executors.local import Local
from diffshape.batch.executors.worker import OLD
from diffshape.batch.jobs.job import Ending, Endings, Group, Job, all_ended
from diffshape.batch.jobs.records import Record, Records
from diffshape.batch.jobs.run_jobs import run_jobs
from diffshape.batch.jobs.table import write_table


@dataclass(frozen=True)
class Measured:
    """What is known of the jobs of a batch."""

    seconds: list[float]
    """Times of the jobs of processes that have loaded what they need."""
    loading: float
    """Seconds that the first job of a process takes longer."""
    folder: float
    """Megabytes on disk of a run folder."""


def measured(batch: Path, records: list[Record], processes: int) -> Measured:
    """What a finished batch tells; the first jobs by name are those that its processes did first."""
    seconds = [record.seconds for record in records]
    first, others = seconds[:processes], seconds[processes:]
    disk = [path.stat().st_blocks * 512 for record in records for path in (batch / record.name).rglob("*")]
    return Measured(others, fmean(first) - fmean(others), sum(disk) / len(records) / 1e6)


def largest_memory(record: Record) -> float:
    """Megabytes that a fit takes at most, made again in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["fit", record.input, "--threads", "1", "--out", f"{folder}/again", *record.options]
        command = [sys.executable, "-m", "diffshape.cli.main", *words]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6


def nothing(group: Group) -> Endings:
    """Work that takes no time."""
    return all_ended(group, Ending(status="done"))


def driver_seconds(jobs: int = 500) -> float:
    """Processor time of the driver for a job, in seconds, with the records on the disk of temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        batch, begun = Path(folder), time.process_time()
        every = [Job(name=f"{number:06}", verb="fit", input="none", batch=batch) for number in range(jobs)]
        records = Records(batch)
        run_jobs(every, Local(nothing, slots=2), records, retries=0)
        write_table(batch, records.all())
        return (time.process_time() - begun) / jobs


def simulated(jobs: int, processors: int, known: Measured, driver: float, seed: int = 0) -> tuple[float, float]:
    """Seconds until all jobs are done, and those in which the processors were busy."""
    draw = random.Random(seed)
    free = [(0.0, 0)] * processors  # when a process is free, and how many jobs it has done
    now = end = busy = 0.0
    for _ in range(jobs):
        ready, done = heapq.heappop(free)
        now = max(now, ready) + driver
        taken = draw.choice(known.seconds) + (known.loading if done % OLD == 0 else 0.0)
        end, busy = max(end, now + taken), busy + taken
        heapq.heappush(free, (now + taken, done + 1))
    return end, busy


def main() -> None:
    """Simulate, and append a row for each size of batch and of machine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=Path, default=Path("outputs/batch-speed/local"))
    parser.add_argument("--processes", type=int, default=2, help="processes of that batch")
    parser.add_argument("--results", type=Path, default=RESULTS / "batch_planning.jsonl")
    options = parser.parse_args()
    records = Records(options.batch).all()
    known = measured(options.batch, records, options.processes)
    megabytes, driver = largest_memory(records[0]), driver_seconds()
    for jobs in (10_000, 1_000_000):
        for processors in (2, 16, 128, 1024):
            seconds, busy = simulated(jobs, processors, known, driver)
            row: Row = {
                "jobs": jobs,
                "processors": processors,
                "hours": round(seconds / 3600, 2),
                "processor_hours": round(busy / 3600),
                "driver_busy": round(jobs * driver / seconds, 4),
                "driver_ms": round(1000 * driver, 2),
                "memory_gb": round(min(jobs, processors) * megabytes / 1000, 1),
                "disk_gb": round(jobs * known.folder / 1000),
                "fit_seconds": round(fmean(known.seconds), 2),
                "loading_seconds": round(known.loading, 2),
                "fit_megabytes": round(megabytes),
                "folder_megabytes": round(known.folder, 2),
            }
            append_row(options.results, row | {"environment": environment()})
            print(row, flush=True)


if __name__ == "__main__":
    main()

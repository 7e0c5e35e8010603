"""What is shown of a batch while it runs: a live table on a terminal, a line for each job that ended elsewhere."""

import sys
import time
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table

from diffshape.batch.jobs.job import Group, Job
from diffshape.batch.jobs.records import Record
from diffshape.batch.jobs.run_jobs import Watch
from diffshape.training.schedule import clock_time

_SHOWN = 12
"""Largest number of running jobs in the live table."""


@dataclass(eq=False)
class _Begun:
    """A group that runs: since when, and how many of its jobs have not ended."""

    time: float
    left: int


class BatchWatch(Watch):
    """Counts, running jobs and the time that is left."""

    def __init__(self, *, total: int, quiet: bool) -> None:
        """
        Args:
            total: Number of jobs that are to be run.
            quiet: Whether nothing is shown.
        """
        self.done = self.failed = 0
        self._total, self._quiet = total, quiet
        self._begun = time.monotonic()
        self._taken: list[float] = []
        self._running: dict[str, _Begun] = {}
        console = Console(stderr=True)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal and not quiet else None

    def __enter__(self) -> "BatchWatch":
        if self._live:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.__exit__(kind, error, trace)

    def began(self, group: Group) -> None:
        """Show the jobs as running."""
        begun = _Begun(time.monotonic(), len(group))
        self._running |= {job.name: begun for job in group}

    def ended(self, job: Job, record: Record, *, final: bool) -> None:
        """Count an attempt that ended; ``final`` if the job is not tried again."""
        if begun := self._running.pop(job.name, None):
            begun.left -= 1
        if record.status == "done":
            self.done += 1
            self._taken.append(record.seconds)
        elif record.status == "failed" and final:
            self.failed += 1
        if self._live is None and not self._quiet:
            again = "" if final or record.status != "failed" else "; once more"
            reason = f": {record.error}{again}" if record.error else ""
            count = f"{self.done + self.failed} of {self._total}"
            print(
                f"{count}  {job.name}: {record.status} in {record.seconds:.0f} s{reason}", file=sys.stderr, flush=True
            )

    def tick(self) -> None:
        """Draw the table again."""
        if self._live:
            self._live.update(self._table(), refresh=True)

    def left(self) -> float | None:
        """Seconds that are left, by the mean time of the jobs that are done; None before the first."""
        if not self._taken:
            return None
        mean, now = sum(self._taken) / len(self._taken), time.monotonic()
        groups = set(self._running.values())
        rest = sum(max(0.0, group.left * mean - (now - group.time)) for group in groups)
        return (self._waiting * mean + rest) / max(1, len(groups))

    @property
    def _waiting(self) -> int:
        return self._total - self.done - self.failed - len(self._running)

    def _table(self) -> Table:
        left, now = self.left(), time.monotonic()
        table = Table.grid(padding=(0, 2))
        counts = f"{self.done} done, {self.failed} failed, {len(self._running)} running, {self._waiting} waiting"
        about = "" if left is None else f"about {clock_time(left)} left"
        table.add_row(counts, f"{clock_time(now - self._begun)} so far", about)
        for name, begun in list(self._running.items())[:_SHOWN]:
            table.add_row(f"  {name}", clock_time(now - begun.time), "")
        return table

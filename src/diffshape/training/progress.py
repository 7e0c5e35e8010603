"""Live progress on stderr: a bar on a terminal, one line in a notebook, a line now and then elsewhere, or nothing.

The time left is the steps left times an honest step: the median of the last 50, plus the average cost per step of what
comes only now and then (checkpoints, meshes), which a median does not see.
"""

import statistics
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TextIO

from diffshape._arguments import check
from diffshape._notices import is_notebook, is_watched
from diffshape.training.loop import StepReport
from diffshape.training.schedule import Seconds, clock_time

_SETTLE = 5
"""Number of step times before the first estimate; the very first ones include compilation."""


class TimeLeft:
    """Estimates the seconds left from the reports of consecutive steps."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=50)
        self._extra, self._counted = 0.0, 0
        self._last: float | None = None

    def hear(self, report: StepReport) -> float | None:
        """The estimate after this report, in seconds; None while it is too early to say."""
        if self._last is not None:
            self._count(report.seconds - self._last)
        self._last = report.seconds
        if isinstance(report.budget, Seconds):
            return max(0.0, report.budget.count - report.seconds)
        if len(self._recent) < _SETTLE:
            return None
        step = statistics.median(self._recent) + self._extra / max(1, self._counted)
        return max(0, report.budget.count - report.step) * step

    def _count(self, interval: float) -> None:
        if len(self._recent) >= _SETTLE:
            usual = statistics.median(self._recent)
            self._counted += 1
            self._extra += interval - usual if interval > 2 * usual else 0.0
        self._recent.append(interval)


class Progress:
    """An observer of :func:`train` that shows how far it is; enter it around the run.

    Args:
        description: What is being done, such as "fit bunny.ply".
        quiet: Show nothing.
        stream: Where to show it, stderr if None; a bar on a terminal, a line that is written over in a notebook, else a
            line a tenth of the budget or 10 seconds.

    >>> with Progress("fit", quiet=True) as progress:
    ...     pass  # train(task, budget=Steps(1000), observers=[progress])
    """

    def __init__(self, description: str, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        check("Progress: description", str, description)
        check("Progress: quiet", bool, quiet)
        if stream is not None and not (hasattr(stream, "write") and hasattr(stream, "isatty")):
            raise TypeError(f"Progress: stream must be a text stream such as sys.stderr, got a {type(stream).__name__}")
        self.description, self.quiet, self._stream = description, quiet, stream
        self._bar: Any = None
        self._patience = 10.0
        self._width: int | None = None
        self._left = TimeLeft()
        self._shown_seconds, self._shown_tenth = float("-inf"), -1
        self._unseen: StepReport | None = None

    def __enter__(self) -> "Progress":
        self._stream = self._stream or sys.stderr
        if self.quiet:
            return self
        if self._stream.isatty():
            self._patience = 0.2
            self._bar = _bar(self._stream)
            self._bar.add_task(self.description, total=1.0, where="", loss="", left="")
            self._bar.start()
        elif is_notebook(self._stream):
            self._patience, self._width = 0.5, 0
            self._write(f"{self.description} ...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._unseen is not None:
            self._show(self._unseen, None)
        if self._bar is not None:
            self._bar.stop()
        if self._width is not None:
            print(file=self._stream, flush=True)

    def __call__(self, report: StepReport) -> None:
        """Show the step if the last one was shown long enough ago."""
        if self.quiet:
            return
        left = self._left.hear(report)
        tenth = int(report.progress * 10)
        waited = report.seconds - self._shown_seconds
        self._unseen = report
        if waited >= self._patience or tenth > self._shown_tenth:
            self._unseen = None
            self._shown_seconds, self._shown_tenth = report.seconds, tenth
            self._show(report, left)

    def _show(self, report: StepReport, left: float | None) -> None:
        total = "" if isinstance(report.budget, Seconds) else f"/{report.budget.count}"
        where = f"step {report.step}{total}"
        loss = f"loss {report.terms}" + (f", {report.skipped} skipped" if report.skipped else "")
        rest = "" if left is None else f"{clock_time(left)} left"
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=report.progress, where=where, loss=loss, left=rest)
            self._bar.refresh()
            return
        parts = [self.description, f"{report.progress:4.0%}", where, loss, rest]
        self._write("  ".join(part for part in parts if part))

    def _write(self, line: str) -> None:
        """A line of its own, or, in a notebook, in the place of the last one."""
        if self._width is None:
            print(line, file=self._stream, flush=True)
            return
        print("\r" + line.ljust(self._width), end="", file=self._stream, flush=True)
        self._width = len(line)


@contextmanager
def with_progress(
    description: str, wanted: bool | None, observers: Sequence[Callable[[StepReport], None]] = ()
) -> Iterator[list[Callable[[StepReport], None]]]:
    """The observers of a run, a ``Progress`` among them while entered if a function that takes ``progress=`` shows it.

    Args:
        description: What is being done, and where.
        wanted: Show it or not; None shows it on a terminal and in a notebook, unless an observer is a ``Progress``.
        observers: Those that the caller gave.
    """
    if wanted is None:
        wanted = is_watched(sys.stderr) and not any(isinstance(observer, Progress) for observer in observers)
    if not wanted:
        yield list(observers)
        return
    with Progress(description) as progress:
        yield [*observers, progress]


def _bar(stream: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    fields = ("{task.description}", "{task.fields[where]}", "{task.fields[left]}", "{task.fields[loss]}")
    what, where, left, loss = (
        TextColumn(field, markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=ratio))
        for field, ratio in zip(fields, (None, None, None, 1))
    )
    return Bar(
        what,
        BarColumn(20),
        where,
        left,
        loss,
        console=Console(file=stream),
        expand=True,
        auto_refresh=False,
        redirect_stdout=False,
    )

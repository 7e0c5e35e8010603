"""Measuring for all benchmarks: a command from outside, calls by turns, the machine, and results kept as JSON lines.

Nothing here imports torch or diffshape: a child process is charged with the peak memory of the parent that started it,
so the parent stays small.
"""

import ctypes
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
Row = dict[str, Any]


class Run(NamedTuple):
    """Outcome of a command: exit status, wall-clock seconds with its start-up, peak memory, and what it printed."""

    status: int
    seconds: float
    megabytes: float
    output: str
    errors: str


def run_measured(command: list[str]) -> Run:
    """Run one command to its end, with this environment's scripts first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={**os.environ, "PATH": path}
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = [file.seek(0) or file.read().decode(errors="replace") for file in (output, errors)]
    return Run(child.returncode, seconds, used_megabytes(usage), *texts)


def used_megabytes(usage: Any) -> float:
    """Peak memory of a process, as ``resource`` gives it: in bytes on macOS, in kilobytes elsewhere."""
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def peak_megabytes(call: Callable[[], Any]) -> float:
    """Megabytes by which one call raises the peak of the process above what it holds before; NaN if not on Linux."""
    try:
        ctypes.CDLL(None).malloc_trim(0)  # else what earlier calls freed is used again unseen
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # forget the peak
        before = _status("VmRSS")
        call()
        return (_status("VmHWM") - before) / 1024
    except (OSError, AttributeError):
        return float("nan")


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))


def by_turns(calls: dict[str, Callable], *arguments: Any, seconds: float = 20.0) -> dict[str, float]:
    """Median milliseconds of each call; the calls take turns, so that other load on the machine falls on all alike.

    Every turn has another order: a call that leaves the caches cold slows whichever comes next. The first turn, which
    may compile, does not count. There are 11 more, or as many as begin within ``seconds``, but 3 at least.
    """
    times, order = {name: [] for name in calls}, random.Random(0)
    begin = time.perf_counter()
    for turn in range(12):
        if turn > 3 and time.perf_counter() - begin > seconds:
            break
        for name in order.sample(list(calls), len(calls)):
            start = time.perf_counter()
            calls[name](*arguments)
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: round(statistics.median(each[1:]), 2) for name, each in times.items()}


def environment() -> Row:
    """Machine and versions, for the page."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {
        "date": date.today().isoformat(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "numba": version("numba"),
        "commit": commit.stdout.strip() or None,
    }


def cpu_model() -> str:
    """Name of the processor where the system tells it."""
    if Path("/proc/cpuinfo").is_file():
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_rows(path: Path) -> list[Row]:
    """Results so far; none if there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line] if path.is_file() else []


def append_row(path: Path, row: Row) -> None:
    """Add one result to the file at once, so that a run that is stopped can be continued."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")

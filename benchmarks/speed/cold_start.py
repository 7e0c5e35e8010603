"""What a first use costs: the first call in a process, with nothing compiled before and with everything; and starting.

    python -m benchmarks.speed.cold_start [--works chamfer mesh starts] [--results FILE]

Each call is measured in a process of its own, first with an empty folder of compiled kernels, then with what that left.
Seconds are the processor's, so that other load on the machine counts little: importing PyTorch and diffshape, and the
first call. Beside them, how many functions were compiled, Numba's own included, and in what share of the call.

Starts are whole processes: an import, or a verb that prints its help. Each has a budget of seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time, thread_time
from typing import Any

from benchmarks.measure import RESULTS, Row, append_row, environment

CALLS = ("chamfer", "points", "mesh")
WORKS = (*CALLS, "starts")

IMPORTS = {"import diffshape": 0.1, "import diffshape.losses": 2.5}
"""Budgets of statements in processor seconds, the interpreter's start included; the most of the second is PyTorch's."""

HELP = 0.25
"""Budget of ``diffshape VERB --help``, as in ``IMPORTS``."""

REPEATS = 2
"""Processes of a start, of which the quickest counts."""


def child(work: str) -> None:
    """Do a piece of work once and print what it cost."""
    start = process_time()
    call = _prepared(work)
    imported = process_time()
    from numba.core import event

    listener = type("Listener", (_Compilations, event.Listener), {})()
    event.register("numba:compile", listener)
    begun = process_time()
    call()
    row = {"import_seconds": imported - start, "seconds": process_time() - begun, **listener.told()}
    print(json.dumps({name: round(value, 2) for name, value in row.items()}))


def _prepared(work: str) -> Any:
    """The call, with everything imported that a user imports for it."""
    import torch

    from diffshape import data, fitting, losses

    if work == "chamfer":
        x, y = torch.rand(2, 1000, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        return lambda: losses.chamfer_distance(x, y).backward()
    points, truth = data.demo_scan()
    if work == "points":
        return lambda: fitting.fit_points(points, steps=2, device="cpu")
    return lambda: fitting.fit_mesh(truth, steps=2, device="cpu")


class _Compilations:
    """Listener to Numba: how many functions it compiled, and the time of the outermost."""

    def __init__(self) -> None:
        self._depth, self._count, self._start, self._seconds = 0, 0, 0.0, 0.0

    def on_start(self, event: Any) -> None:
        """A compilation begins, within another if that is under way."""
        self._start = self._start if self._depth else thread_time()
        self._depth, self._count = self._depth + 1, self._count + 1

    def on_end(self, event: Any) -> None:
        """It ended."""
        self._depth -= 1
        self._seconds += 0.0 if self._depth else thread_time() - self._start

    def told(self) -> Row:
        """What was heard."""
        return {"compiled": self._count, "compile_seconds": self._seconds}


def measure(work: str, folder: Path) -> Row:
    """One process."""
    command = [sys.executable, "-m", "benchmarks.speed.cold_start", "--child", work]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def measure_calls(work: str) -> Iterator[Row]:
    """One process that compiles, and one that finds what it kept."""
    with tempfile.TemporaryDirectory() as folder:
        for process in ("first", "second"):
            yield {"work": work, "process": process, **measure(work, Path(folder))}


def measure_starts() -> Iterator[Row]:
    """The imports and the verbs, each beside its budget."""
    from diffshape.cli.parsing.verbs import VERBS

    starts = [(statement, ["-c", statement], budget) for statement, budget in IMPORTS.items()]
    starts += [(f"{verb} --help", ["-m", "diffshape", *verb.split(), "--help"], HELP) for verb in VERBS]
    for name, words, budget in starts:
        seconds = min(_seconds([sys.executable, *words]) for _ in range(REPEATS))
        yield {"start": name, "seconds": round(seconds, 3), "budget": budget, "ratio": round(seconds / budget, 2)}


def _seconds(command: list[str]) -> float:
    """Processor seconds of a process."""
    before = os.times()
    subprocess.run(command, capture_output=True, check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def main() -> None:
    """Measure every piece of work, cold and warm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--results", type=Path, default=RESULTS / "cold_start.jsonl")
    parser.add_argument("--child", choices=CALLS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child)
    machine = environment()
    for work in options.works:
        for row in measure_starts() if work == "starts" else measure_calls(work):
            append_row(options.results, {**row, "environment": machine})
            print(row, flush=True)
    return None


if __name__ == "__main__":
    main()

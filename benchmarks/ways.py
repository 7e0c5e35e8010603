"""Several ways to one gradient, timed by turns: what the benchmarks of derivatives and of kernels share."""

import argparse
import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.measure import RESULTS, Row, append_row, by_turns, environment


def disturb(field: torch.nn.Module) -> None:
    """Move the parameters as training does: in a fresh `HashGrid` the network ignores the features of the grid."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)


def largest_difference(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """Largest difference of two gradients, each parameter's as a share of its largest entry."""
    return max(float((one - other).abs().max() / one.abs().max()) for one, other in zip(ours, theirs))


def compared(calls: Mapping[str, Callable[[], Sequence[Tensor]]], repeats: int) -> Row:
    """Median milliseconds of every way, and the largest difference of a gradient from that of the first way."""
    times = [by_turns(calls) for _ in range(repeats)]
    ours = next(iter(calls.values()))()
    return {
        "milliseconds": {way: statistics.median(each[way] for each in times) for way in calls},
        "worst_difference": max(largest_difference(ours, call()) for call in calls.values()),
    }


def run(title: str | None, results: str, cases: Iterable[Row], measure: Callable[..., Row]) -> None:
    """Measure every case, with each number of threads; the results replace the old ones.

    Args:
        title: Text of the help.
        results: Name of the file in `benchmarks/results`.
        cases: What tells the cases apart, as a row has it.
        measure: Takes a case's values and ``repeats``, and gives the rest of its row.
    """
    parser = argparse.ArgumentParser(description=title, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--repeats", type=int, default=3, help="medians of 11 turns, of which the median is kept")
    parser.add_argument("--results", type=Path, default=RESULTS / results)
    options = parser.parse_args()
    options.results.unlink(missing_ok=True)
    machine = environment()
    for case in cases:
        for threads in options.threads:
            torch.set_num_threads(threads)
            row = {**case, "threads": threads, **measure(**case, repeats=options.repeats)}
            append_row(options.results, {**row, "environment": machine})
            times = ", ".join(f"{way} {time} ms" for way, time in row["milliseconds"].items())
            told = ", ".join(f"{name} {value}" for name, value in case.items())
            print(f"{told}, threads {threads}: {times}, difference {row['worst_difference']:.0e}", flush=True)

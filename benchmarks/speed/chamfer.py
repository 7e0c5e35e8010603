"""The Chamfer distance and its gradient, against tree searches that others would wrap and against torch.cdist.

    python -m benchmarks.speed.chamfer [--threads 2] [--sizes 1000 10000 100000 1000000]

Squared means, float32, forward and backward to both clouds. A peer's trees are built and asked in both directions, then
the distances are gathered and differentiated by PyTorch, as ours are. All engines take turns on the same clouds in one
run; times are medians and ratios are theirs over ours (above 1: ours is faster). Memory is what the peak of the process
rose by during one call (Linux only).
"""

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else threads that spin between calls slow the next engine

import numpy as np
import torch

from benchmarks.chamfer_peers import Engine, KDTree, through_table, tree_chamfer
from benchmarks.clouds import blob, cube, torus
from benchmarks.measure import RESULTS, append_row, environment, peak_megabytes
from diffshape import losses

LONGEST, MOST_TURNS, FEWEST_TURNS = 8.0, 31, 5
CDIST_PAIRS = 10_000_000
"""Pairs above which torch.cdist is left out: its tables would take hundreds of megabytes."""


def engines(pairs: int) -> dict[str, Engine]:
    """Engines that are installed and can take clouds of so many pairs."""
    found: dict[str, Engine] = {"diffshape": losses.chamfer_distance}
    found["cKDTree"] = tree_chamfer("cKDTree")
    if KDTree is not None:
        found["pykdtree"] = tree_chamfer("pykdtree")
    if pairs <= CDIST_PAIRS:
        found["torch.cdist"] = through_table
    return found


def problems(sizes: list[int]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Clouds by name."""
    generator = np.random.default_rng(0)
    shapes = {"torus": (torus, torus), "cube": (cube, cube)}
    found = {
        f"{name} {size:,}": (first(size, generator), second(size, generator))
        for name, (first, second) in shapes.items()
        for size in sizes
    }
    found["torus 32 x 2,048"] = tuple(np.stack([torus(2048, generator) for _ in range(32)]) for _ in range(2))
    found["blob to torus 100,000"] = blob(100_000, generator), torus(100_000, generator)
    return {name: tuple(torch.from_numpy(each) for each in pair) for name, pair in found.items()}


def call(engine: Engine, x: torch.Tensor, y: torch.Tensor) -> float:
    """Value of one forward and backward pass."""
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    value = engine(x, y)
    value.backward()
    return value.item()


def take_turns(found: dict[str, Engine], x: torch.Tensor, y: torch.Tensor) -> dict[str, list[float]]:
    """Milliseconds of every engine, called by turns until the time is up; the first call of each does not count."""
    times: dict[str, list[float]] = {name: [] for name in found}
    start = time.perf_counter()
    for turn in range(MOST_TURNS):
        if turn >= FEWEST_TURNS and time.perf_counter() - start > LONGEST:
            break
        for name, engine in found.items():
            call(engine, x, y)  # what the engine before left in the caches must not matter
            before = time.perf_counter()
            call(engine, x, y)
            times[name].append(1e3 * (time.perf_counter() - before))
    return times


def main() -> None:
    """Print and keep one line a problem and engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--results", type=Path, default=RESULTS / "chamfer.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # read by pykdtree when it first enters a parallel region
    options.results.unlink(missing_ok=True)
    machine = environment()
    print(f"{'problem':24}{'engine':12}{'ms':>10}{'ratio':>8}{'MB':>8}")
    for problem, (x, y) in problems(options.sizes).items():
        found = engines(x.shape[-2] * y.shape[-2] * (len(x) if x.ndim == 3 else 1))
        values = {name: call(engine, x, y) for name, engine in found.items()}
        times = take_turns(found, x, y)
        ours = statistics.median(times["diffshape"])
        for name, engine in found.items():
            if abs(values[name] / values["diffshape"] - 1) > 1e-4:
                raise SystemExit(f"{problem}: {name} gives {values[name]}, diffshape {values['diffshape']}")
            median = statistics.median(times[name])
            memory = peak_megabytes(lambda engine=engine, x=x, y=y: call(engine, x, y))
            row = {"problem": problem, "engine": name, "ms": round(median, 3), "megabytes": round(memory, 1)}
            append_row(options.results, {**row, "threads": options.threads, "environment": machine})
            print(f"{problem:24}{name:12}{median:10.2f}{median / ours:8.2f}{memory:8.1f}", flush=True)


if __name__ == "__main__":
    main()

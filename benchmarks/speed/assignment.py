"""The earth mover's distance of two clouds, their table of costs included where one is needed, against SciPy and POT.

    python -m benchmarks.speed.assignment [--threads 2] [--sizes 1024 2048 4096] [--repeats 7]

All solvers answer the same float32 problem in the same run, taking turns; times are medians, and ratios are SciPy's
time over theirs (above 1 is faster than SciPy). SciPy gets its faster table, float32 or float64. The gap is how far the
mean cost lies above the bound that `ops.optimality_gap` proves, as a part of it. Memory is what the peak of the process
rose by during one call (Linux only).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.clouds import blob, cube, torus
from benchmarks.measure import RESULTS, append_row, environment, peak_megabytes
from diffshape import ops

try:
    import ot
except ImportError:
    ot = None

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]
LONGEST = 20.0
"""Seconds after which a solver gets no more turns."""


PROBLEMS = {"torus": (torus, torus), "cube": (cube, cube), "blob against torus": (blob, torus)}


def solvers() -> dict[str, Solve]:
    """Each solver as a function of two clouds that gives a permutation."""
    found: dict[str, Solve] = {
        "SciPy, float64 table": lambda x, y: linear_sum_assignment(cdist(x, y))[1],
        "SciPy, float32 table": lambda x, y: linear_sum_assignment(torch.cdist(*map(torch.from_numpy, (x, y))).numpy())[
            1
        ],
        "exact": lambda x, y: ops.assign(torch.from_numpy(x), torch.from_numpy(y)).numpy(),
        "auction": lambda x, y: ops.assign(torch.from_numpy(x), torch.from_numpy(y), solver="auction").numpy(),
    }
    if ot is not None:
        found["POT"] = lambda x, y: ot.emd([], [], cdist(x, y), numItermax=10_000_000).argmax(1)
    return found


def take_turns(solve: dict[str, Solve], x, y, repeats) -> dict[str, list[float]]:
    """Milliseconds of every solver, one call each in turn; a slow one gets fewer turns."""
    times: dict[str, list[float]] = {name: [] for name in solve}
    for _ in range(repeats):
        for name, function in solve.items():
            if sum(times[name]) < 1e3 * LONGEST:
                start = time.perf_counter()
                function(x, y)
                times[name].append(1e3 * (time.perf_counter() - start))
    return times


def relative_gap(x, y, indices) -> tuple[float, float]:
    """Mean cost of a permutation, and how far it is above a lower bound of the optimum, as a part of that."""
    cost = np.linalg.norm(x.astype(np.float64) - y[indices], axis=1).mean()
    gap = ops.optimality_gap(*map(torch.from_numpy, (x, y, indices))).item()
    return cost, gap / (cost - gap)


def main() -> None:
    """Measure every problem and size; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 2048, 4096])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--results", type=Path, default=RESULTS / "assignment.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.results.unlink(missing_ok=True)
    machine = environment()
    for function in solvers().values():  # compiles
        function(torus(50, np.random.default_rng(0)), torus(50, np.random.default_rng(1)))
    print(f"{'problem':20}{'points':>8}  {'solver':22}{'ms':>10}{'ratio':>8}{'gap':>10}{'MB':>8}")
    for problem, (first, second) in PROBLEMS.items():
        for size in options.sizes:
            generator = np.random.default_rng(0)
            x, y = first(size, generator), second(size, generator)
            medians = {name: statistics.median(ms) for name, ms in take_turns(solvers(), x, y, options.repeats).items()}
            base = min(median for name, median in medians.items() if name.startswith("SciPy"))
            for name, solve in solvers().items():
                cost, gap = relative_gap(x, y, np.asarray(solve(x, y), dtype=np.int64))
                memory = peak_megabytes(lambda solve=solve, x=x, y=y: solve(x, y))
                ratio = base / medians[name]
                print(
                    f"{problem:20}{size:8}  {name:22}{medians[name]:10.1f}{ratio:8.2f}{gap:10.1e}{memory:8.1f}",
                    flush=True,
                )
                row = {"problem": problem, "points": size, "solver": name, "ms": round(medians[name], 2)}
                row |= {"ratio": round(ratio, 2), "cost": cost, "gap": gap, "megabytes": round(memory, 1)}
                append_row(options.results, {**row, "threads": options.threads, "environment": machine})


if __name__ == "__main__":
    main()

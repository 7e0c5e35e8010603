"""Nearest neighbours of every point of one cloud in another, preparation included, against SciPy and pykdtree.

    python -m benchmarks.speed.nearest_neighbors [--threads 1] [--sizes 1000 10000 100000] [--k 1]

All engines answer the same float32 problem in the same run; times are medians, and the ratios are to SciPy's cKDTree
(below 1 is faster). Memory is what the peak of the process rose by during one call (Linux only).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial import cKDTree

from benchmarks.clouds import blob, torus
from benchmarks.measure import peak_megabytes
from diffshape import ops

try:
    from pykdtree.kdtree import KDTree
except ImportError:
    KDTree = None

Search = Callable[[np.ndarray, np.ndarray], object]
LONGEST, MOST_REPEATS = 2.0, 15


PROBLEMS = {"torus in torus": (torus, torus), "blob in torus": (blob, torus), "torus in blob": (torus, blob)}


def engines(threads, k) -> dict[str, Search]:
    """Each engine as a function of queries and points."""
    found = {
        "cKDTree": lambda x, y: cKDTree(y).query(x, k=k, workers=threads),
        "diffshape": lambda x, y: ops.nearest_neighbors(torch.from_numpy(x), torch.from_numpy(y), k=k),
    }
    if KDTree is not None:
        found["pykdtree"] = lambda x, y: KDTree(y).query(x, k=k)
    return found


def median_milliseconds(search, x, y) -> float:
    """Median of up to MOST_REPEATS calls, fewer where they take long; the first, which may compile, does not count."""
    search(x[:10], y)
    times = []
    while len(times) < MOST_REPEATS and sum(times) < LONGEST:
        start = time.perf_counter()
        search(x, y)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def main() -> None:
    """Print one line a problem, size and engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--k", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)  # read by pykdtree when it first enters a parallel region
    print(f"{'problem':16}{'points':>8}  {'engine':10}{'ms':>10}{'ratio':>8}{'MB':>8}")
    for problem, (queries, points) in PROBLEMS.items():
        for size in options.sizes:
            generator = np.random.default_rng(0)
            x, y = queries(size, generator), points(size, generator)
            for name, search in engines(options.threads, options.k).items():
                median, memory = (
                    median_milliseconds(search, x, y),
                    peak_megabytes(lambda search=search, x=x, y=y: search(x, y)),
                )
                base = median if name == "cKDTree" else base
                print(f"{problem:16}{size:8}  {name:10}{median:10.2f}{median / base:8.2f}{memory:8.1f}", flush=True)


if __name__ == "__main__":
    main()

"""The Sinkhorn divergence beside GeomLoss and beside exact transport: error and time.

    python -m benchmarks.speed.sinkhorn [--threads 2] [--sizes 512 1024 2048]

p = 2 on float32 points of the unit cube, forward and backward to both clouds; half the optimal mean squared assignment
is what both tend to as the blur shrinks. GeomLoss runs its dense backend with its default scaling and with a finer one.
The divergence that neither stops early for is ours at a tolerance of 1e-6 in float64. Engines take turns; medians.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from benchmarks.clouds import blob, cube, torus
from benchmarks.measure import RESULTS, append_row, environment, peak_megabytes
from diffshape import losses

try:
    import geomloss
except ImportError:
    geomloss = None

PROBLEMS = {"torus": (torus, torus), "cube": (cube, cube), "blob to torus": (blob, torus)}
TURNS = 3


def engines(blur: float) -> dict:
    """Each divergence as a function of two clouds."""
    found = {"diffshape": lambda x, y: losses.sinkhorn_divergence(x, y, blur=blur)}
    if geomloss is not None:
        for scaling in (0.5, 0.9):
            found[f"GeomLoss, scaling {scaling}"] = geomloss.SamplesLoss(
                "sinkhorn", p=2, blur=blur, scaling=scaling, backend="tensorized"
            )
    return found


def call(engine, x, y) -> float:
    """Value of one forward and backward pass."""
    x, y = x.clone().requires_grad_(), y.clone().requires_grad_()
    value = engine(x, y)
    value.backward()
    return value.item()


def main() -> None:
    """Print and keep one line a problem, blur and engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048])
    parser.add_argument("--blurs", type=float, nargs="+", default=[0.1, 0.05])
    parser.add_argument("--results", type=Path, default=RESULTS / "sinkhorn.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.results.unlink(missing_ok=True)
    machine = environment()
    for problem, (first, second) in PROBLEMS.items():
        for size in options.sizes:
            generator = np.random.default_rng(0)
            x, y = (torch.from_numpy(each(size, generator)) for each in (first, second))
            transport = losses.earth_mover_distance(x, y, squared=True).item() / 2
            for blur in options.blurs:
                truth = losses.sinkhorn_divergence(x.double(), y.double(), blur=blur, tolerance=1e-6, iterations=10**5)
                found = engines(blur)
                values = {name: call(engine, x, y) for name, engine in found.items()}
                times = {name: [] for name in found}
                for _ in range(TURNS):
                    for name, engine in found.items():
                        start = time.perf_counter()
                        call(engine, x, y)
                        times[name].append(1e3 * (time.perf_counter() - start))
                for name, engine in found.items():
                    memory = peak_megabytes(lambda engine=engine, x=x, y=y: call(engine, x, y))
                    row = {
                        "problem": problem,
                        "points": size,
                        "blur": blur,
                        "engine": name,
                        "ms": round(statistics.median(times[name]), 2),
                        "error": values[name] / truth.item() - 1,
                        "from_transport": values[name] / transport - 1,
                        "megabytes": round(memory, 1),
                    }
                    append_row(options.results, {**row, "threads": options.threads, "environment": machine})
                    print({key: f"{value:.3g}" if isinstance(value, float) else value for key, value in row.items()})


if __name__ == "__main__":
    main()

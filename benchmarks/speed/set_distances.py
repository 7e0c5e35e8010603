"""Distances between all clouds of two sets, against a plain loop of the formulas that papers on generation use.

    python -m benchmarks.speed.set_distances [--clouds 200] [--points 2048] [--pairs 100] [--chairs 40]

The loop takes the squared distances of one cloud to some others from |p|^2 + |t|^2 - 2 p.t and their minima both ways
(PointFlow's own), or a table of distances and SciPy's assignment. Both engines compute the same distances in float32,
which is checked, on one thread each. Seconds are processor time, so that other load does not count; where all pairs
would take too long, a row tells from how many of them it is reckoned. Memory is what the peak of the process rises by
during one call (Linux only).

Scores of two sets rest on nearest clouds alone: the last rows compare what `metrics.compare_sets` takes by the earth
mover's distance, on two sets of drawn chairs, with all distances within and between the sets.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from benchmarks.clouds import torus
from benchmarks.measure import RESULTS, Row, append_row, environment, peak_megabytes
from diffshape import metrics, ops
from diffshape.data import draw_shapes
from diffshape.metrics.cloud_sets import nearest_table

TOGETHER = 8
"""Clouds that the loop compares with one at once."""


def family(clouds: int, points: int, generator: np.random.Generator) -> Tensor:
    """Stretched tori."""
    return torch.stack(
        [
            torch.from_numpy((torus(points, generator) - 0.5) * generator.uniform(0.4, 1, 3).astype(np.float32))
            for _ in range(clouds)
        ]
    )


def chamfer_loop(x: Tensor, y: Tensor) -> Tensor:
    """Chamfer distances of all pairs by dense tables."""
    rows = []
    for cloud in x:
        row = []
        for others in y.split(TOGETHER):
            table = (cloud.square().sum(-1)[:, None] + others.square().sum(-1)[:, None]) - 2 * cloud @ others.mT
            row.append(table.amin(2).mean(1) + table.amin(1).mean(1))
        rows.append(torch.cat(row))
    return torch.stack(rows)


def earth_mover_loop(x: Tensor, y: Tensor) -> Tensor:
    """Earth mover's distances of all pairs by SciPy."""

    def one(first: Tensor, second: Tensor) -> float:
        table = torch.cdist(first, second).numpy()
        return table[linear_sum_assignment(table)].mean().item()

    return torch.tensor([[one(first, second) for second in y] for first in x])


def chairs(clouds: int, points: int) -> tuple[Tensor, Tensor]:
    """Two sets of drawn chairs."""
    drawn = draw_shapes("chair", 2 * clouds, points=points, volume_points=None, near_points=None)
    x, y = drawn.require("points", by="set_distances")[0].split(clouds)
    return x, y


def nearest_rows(clouds: int, points: int, pairs: int) -> list[Row]:
    """What a score of two sets takes, and what all distances of its pairs would."""
    x, y = chairs(clouds, points)
    match, matched = nearest_table.matched_distances, []

    def counted(*given: Any) -> Tensor:
        matched.append(len(given[2]))
        return match(*given)

    def scored(x: Tensor, y: Tensor) -> Tensor:
        metrics.compare_sets(x, y, distances=["earth_mover"])
        return x

    few, every = max(1, round(pairs**0.5)), clouds * (2 * clouds - 1)
    scored(x[:2], y[:2])  # compiles
    taken, _ = measured(lambda x, y: ops.set_distances(x, y, distance="earth_mover"), x[:few], y[:few])
    nearest_table.matched_distances = counted
    seconds, _ = measured(scored, x, y)
    nearest_table.matched_distances = match
    return [
        {
            "distance": "earth mover in a score, chairs",
            "engine": engine,
            "clouds": clouds,
            "points": points,
            "pairs": asked,
            "seconds": round(each * every, 1),
            "milliseconds": round(1e3 * each, 3),
        }
        for engine, asked, each in (
            ("diffshape, all pairs", few**2, taken / few**2),
            (f"compare_sets, {sum(matched) / every:.0%} matched", every, seconds / every),
        )
    ]


def measured(call: Callable[[Tensor, Tensor], Tensor], x: Tensor, y: Tensor) -> tuple[float, Tensor]:
    """Seconds of processor time, and the distances."""
    start = time.process_time()
    found = call(x, y)
    return time.process_time() - start, found


def main() -> None:
    """Measure every distance and engine; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clouds", type=int, default=200)
    parser.add_argument("--points", type=int, default=2048)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--chairs", type=int, default=40, help="clouds of each set of which a score is measured")
    parser.add_argument("--results", type=Path, default=RESULTS / "set_distances.jsonl")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.results.unlink(missing_ok=True)
    machine = environment()
    generator = np.random.default_rng(0)
    x, y = (family(options.clouds, options.points, generator) for _ in range(2))
    few = max(1, round(options.pairs**0.5))
    engines = {
        ("Chamfer", "diffshape"): (lambda x, y: ops.set_distances(x, y), options.clouds),
        ("Chamfer", "dense tables"): (chamfer_loop, few),
        ("earth mover", "diffshape"): (lambda x, y: ops.set_distances(x, y, distance="earth_mover"), few),
        ("earth mover", "SciPy"): (earth_mover_loop, few),
    }
    found: dict[str, Tensor] = {}
    for (distance, engine), (call, clouds) in engines.items():
        call(x[:2], y[:2])  # compiles
        seconds, values = measured(call, x[:clouds], y[:clouds])
        corner = values[:few, :few].double()
        torch.testing.assert_close(corner, found.setdefault(distance, corner), rtol=0.02, atol=1e-5)
        row = {
            "distance": distance,
            "engine": engine,
            "clouds": options.clouds,
            "points": options.points,
            "pairs": clouds**2,
            "seconds": round(seconds * (options.clouds / clouds) ** 2, 1),
            "milliseconds": round(1e3 * seconds / clouds**2, 3),
            "megabytes": round(peak_megabytes(lambda call=call: call(x[:few], y[:few])), 1),
        }
        print(row, flush=True)
        append_row(options.results, {**row, "environment": machine})
    for row in nearest_rows(options.chairs, options.points, options.pairs):
        print(row, flush=True)
        append_row(options.results, {**row, "environment": machine})


if __name__ == "__main__":
    main()

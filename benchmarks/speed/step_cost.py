"""Time of one DiffCD step, part by part, and how it grows with the scan and with the batch.

    python -m benchmarks.speed.step_cost [--points 3000 30000 300000] [--batch 2048 8192]

A step as in Haerenstam-Nielsen et al., ECCV 2024, from the library's public pieces: a batch of data points, as many
local samples and an eighth of uniform ones for the eikonal term, and as many surface points, pulled and matched to
their nearest data points. The scan is a sphere, which is how a field starts, so the state is that of a fit near its
end. Each case runs in a process of its own, which gives its peak memory; times are medians over steps.
"""

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, append_row, environment, run_measured

STEPS, WARM_UP = 15, 3
PULLS = 2
RESOLUTION = 128
NEIGHBORS = 50
BOX = 0.8


class Stopwatch:
    """Milliseconds since the last lap, by name."""

    def __init__(self) -> None:
        self.laps: defaultdict[str, list[float]] = defaultdict(list)
        self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a lap, and begin the next."""
        now = time.perf_counter()
        self.laps[name].append(1e3 * (now - self.last))
        self.last = now

    def medians(self, skip: int = 0) -> dict[str, float]:
        """Median of every name's laps, without the first ones."""
        return {name: round(statistics.median(times[skip:]), 3) for name, times in self.laps.items()}


def measure(points: int, batch: int) -> dict[str, Any]:
    """One case: what is done once, and what every step costs."""
    import torch

    from diffshape import data, fields, losses, ops

    cloud = torch.from_numpy(data.simulate_scan(data.procedural_object("sphere").mesh(64), points)).float()
    field = fields.HashGrid()
    optimizer = torch.optim.AdamW(field.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    generator = torch.Generator().manual_seed(0)
    for k in (1, 2):  # compiles the kernels, as the next line does
        ops.NeighborIndex(cloud).query(cloud[:64], k=k)
    field(cloud[:64]), field.value_and_gradient(cloud[:64])

    once = Stopwatch()
    index = ops.NeighborIndex(cloud)
    index.query(cloud[:1])
    once.lap("index")
    spacing = index.query(cloud, k=NEIGHBORS + 1).squared_distances[:, -1:].sqrt()
    once.lap("spacing")
    vertices, faces = ops.isosurface(field, resolution=RESOLUTION, bounds=(-BOX, BOX))
    pool = ops.sample_surface(vertices.float(), faces, 10 * batch, generator=generator).points
    once.lap("surface")

    watch = Stopwatch()
    for _ in range(WARM_UP + STEPS):
        watch.last = time.perf_counter()
        chosen = torch.randint(points, (batch,), generator=generator)
        on_data, on_pool = cloud[chosen], pool[torch.randint(len(pool), (batch,), generator=generator)]
        near = on_data + 0.2 * spacing[chosen] * torch.randn(batch, 3, generator=generator)
        anywhere = BOX * (2 * torch.rand(batch // 8, 3, generator=generator) - 1)
        watch.lap("sampling")
        pulled = ops.project_to_level_set(field, on_pool, steps=PULLS)
        watch.lap("pulls")
        nearest = cloud[index.query(pulled.points).indices]
        watch.lap("neighbours")
        values, gradients = field.value_and_gradient(torch.cat([on_data, near, anywhere]))
        to_points = losses.surface_to_points_loss(field(pulled.points), pulled.gradients, pulled.points, nearest)
        loss = (values[:batch].abs().mean() + to_points) / 2 + 0.1 * losses.eikonal_loss(gradients)
        watch.lap("forward")
        loss.backward()
        watch.lap("backward")
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        watch.lap("adam")
    return {"step": watch.medians(WARM_UP), "once": once.medians(), "threads": torch.get_num_threads()}


def main() -> None:
    """Measure every case in its own process; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[3_000, 30_000, 300_000], help="points of the scan")
    parser.add_argument("--batch", type=int, nargs="+", default=[2_048, 8_192], help="data points a step")
    parser.add_argument("--results", type=Path, default=RESULTS / "step_cost.jsonl")
    parser.add_argument("--case", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(measure(*options.case)))
        return
    options.results.unlink(missing_ok=True)
    machine = environment()
    for points in options.points:
        for batch in options.batch:
            run = run_measured([sys.executable, "-m", __spec__.name, "--case", str(points), str(batch)])
            if run.status != 0:
                raise SystemExit(run.errors)
            row = {"points": points, "batch": batch, **json.loads(run.output), "megabytes": round(run.megabytes)}
            append_row(options.results, {**row, "environment": machine})
            total = sum(row["step"].values())
            print(f"{points:,} points, batch {batch:,}: {total:.1f} ms a step, {row['megabytes']} MB", flush=True)


if __name__ == "__main__":
    main()

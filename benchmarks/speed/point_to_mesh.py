"""Points to the triangles of a mesh, tree included: time and memory against libigl, and how both grow.

    python -m benchmarks.speed.point_to_mesh [--sizes 1000 10000 100000] [--threads 1]

As many points as faces of a torus (radii 0.35 and 0.15): "near" ones are drawn on it and moved by N(0, 0.01^2), "far"
ones lie evenly in a cube of side 2 around it. Both engines answer the same float64 problem in the same process, by
turns; times are medians. Beside them stands the loss, forward and backward to points and vertices. Each case runs in a
process of its own; memory is what the peak of that process rose by during one call (Linux only).
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import RESULTS, Row, append_row, by_turns, environment, peak_megabytes, run_measured


def measure(queries: str, size: int, threads: int) -> Row:
    """One case: milliseconds and megabytes of every engine."""
    import igl
    import numpy as np
    import torch

    from diffshape import data, losses, ops

    torch.set_num_threads(threads)
    segments = round((size / 4) ** 0.5)
    mesh = data.torus_mesh(2 * segments, segments)
    vertices, faces = torch.from_numpy(mesh.vertices), torch.from_numpy(mesh.faces)
    generator = torch.Generator().manual_seed(0)
    if queries == "near":
        drawn = ops.sample_surface(vertices, faces, size, generator=generator).points
        points = drawn + 0.01 * torch.randn(size, 3, generator=generator, dtype=torch.float64)
    else:
        points = 2 * torch.rand(size, 3, generator=generator, dtype=torch.float64) - 1

    def loss(points, vertices):
        points, vertices = points.clone().requires_grad_(), vertices.clone().requires_grad_()
        losses.point_to_mesh_distance(points, vertices, faces).backward()

    engines: dict[str, Callable] = {
        "diffshape": lambda points, vertices: ops.closest_triangles(points, vertices, faces),
        "loss": loss,
        "libigl": lambda points, vertices: igl.point_mesh_squared_distance(
            points.numpy(), vertices.numpy(), mesh.faces
        ),
    }
    ours, theirs = engines["diffshape"](points, vertices), engines["libigl"](points, vertices)
    worst = np.abs(ours.squared_distances.numpy() - theirs[0]).max()
    times = by_turns(engines, points, vertices)
    megabytes = {
        name: round(peak_megabytes(lambda call=call: call(points, vertices)), 1) for name, call in engines.items()
    }
    return {"faces": len(faces), "milliseconds": times, "megabytes": megabytes, "worst_difference": float(worst)}


def main() -> None:
    """Measure every case in its own process; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="points, and faces")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=RESULTS / "point_to_mesh.jsonl")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        queries, size, threads = options.case
        print(json.dumps(measure(queries, int(size), int(threads))))
        return
    options.results.unlink(missing_ok=True)
    os.environ["IGL_NUM_THREADS"] = str(options.threads)  # read by libigl when it first starts threads
    machine = environment()
    for queries in ("near", "far"):
        for size in options.sizes:
            run = run_measured(
                [sys.executable, "-m", __spec__.name, "--case", queries, str(size), str(options.threads)]
            )
            if run.status != 0:
                raise SystemExit(run.errors)
            row = {"queries": queries, "points": size, "threads": options.threads, **json.loads(run.output)}
            append_row(options.results, {**row, "environment": machine})
            told = ", ".join(
                f"{name} {row['milliseconds'][name]} ms {row['megabytes'][name]} MB" for name in row["megabytes"]
            )
            print(f"{queries}, {size:,} points, {row['faces']:,} faces: {told}", flush=True)


if __name__ == "__main__":
    main()

"""Many meshes as distance fields: all at once, one after another, and half of them in each of two processes.

    python -m benchmarks.speed.many_meshes [--count 50] [--steps 500] [--shared DIR] [--results FILE]

Meshes are procedural (ellipsoids, boxes, rounded boxes and tori by turns), or with --shared those of DIR/data/meshes.
Every way takes the same method (`Supervised(pool=2**18, fresh=384)`), field, steps and seed, which on the CPU give the
same bits, and is measured in a process of its own: seconds of the fits, trees of the meshes included, kernels compiled
before; peak memory of the process, or of the two together. "stopping" is all at once with a bound on each shape's own
error.
Scores are means over the meshes, at 100,000 points near the surface and 100,000 in the volume, none seen in training.
"""

import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, Row, append_row, environment, run_measured, used_megabytes

FAMILIES = ("ellipsoid", "box", "rounded_box", "torus")
SAMPLES = 100_000
BOUND = 5e-4
WAYS = ("at once", "one after another", "two processes", "stopping")


def meshes(options: argparse.Namespace) -> list[Any]:
    """Meshes that this process has to fit."""
    from diffshape import data

    if options.shared:
        every: list[Any] = sorted((options.shared / "data" / "meshes").glob("*.ply"))
    else:
        each = -(-options.count // len(FAMILIES))
        families = [data.shape_family(name, each, seed=1).meshes(4) for name in FAMILIES]
        every = [(vertices[place], faces) for place in range(each) for vertices, faces in families]
    first, second = options.half or (0, 1)
    return every[: options.count][first::second]


def fit(options: argparse.Namespace) -> Row:
    """Fit the meshes in one way, in this process."""
    import torch

    from diffshape import data, fitting

    if options.half:
        torch.set_num_threads(1)
    method, stop = fitting.Supervised(pool=2**18, fresh=384), fitting.StopRule(error=BOUND)
    fitting.fit_meshes([data.icosphere(2)] * 2, method, steps=2, stop=stop)  # compiled before anything is timed
    shapes = meshes(options)
    start = time.perf_counter()
    if options.way == "one after another":
        results = [fitting.fit_mesh(mesh, method, steps=options.steps) for mesh in shapes]
    else:
        stop = stop if options.way == "stopping" else None
        results = fitting.fit_meshes(shapes, method, steps=options.steps, stop=stop)
    seconds = time.perf_counter() - start
    megabytes = _peak_megabytes()
    table = fitting.tabulate_fits(results, samples=SAMPLES)
    return {"seconds": seconds, "megabytes": megabytes, "threads": torch.get_num_threads(), "rows": table.to_rows()}


def _peak_megabytes() -> float:
    """Peak memory of this process so far: scoring, which comes after, is not counted."""
    import resource

    return used_megabytes(resource.getrusage(resource.RUSAGE_SELF))


def measure(way: str, options: argparse.Namespace) -> Row:
    """Run one way in one process, or in two, and read what it printed."""
    command = [
        sys.executable,
        "-m",
        __spec__.name,
        "--way",
        way,
        "--count",
        str(options.count),
        "--steps",
        str(options.steps),
    ]
    command += ["--shared", str(options.shared)] if options.shared else []
    commands = [command]
    if way == "two processes":
        commands = [[*command, "--half", str(half), "2"] for half in range(2)]
    with ThreadPoolExecutor(len(commands)) as pool:
        runs = list(pool.map(run_measured, commands))
    if failed := [run for run in runs if run.status != 0]:
        raise SystemExit(failed[0].errors)
    parts = [json.loads(run.output) for run in runs]
    rows = [row for part in parts for row in part["rows"]]
    names = ("f1_surface", "f1_volume", "mae_surface", "mae_volume", "steps")
    return {
        "way": way,
        "meshes": len(rows),
        "kind": "shared" if options.shared else "procedural",
        "steps": options.steps,
        "threads": parts[0]["threads"],
        "seconds": max(part["seconds"] for part in parts),
        "megabytes": sum(part["megabytes"] for part in parts),
        "scores": {name: statistics.fmean(row[name] for row in rows) for name in names},
    }


def main() -> None:
    """Measure every way in turn; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50, help="meshes")
    parser.add_argument("--steps", type=int, default=500, help="steps of each fit")
    parser.add_argument("--shared", type=Path, help="folder with data/meshes; procedural shapes if not given")
    parser.add_argument("--results", type=Path, default=RESULTS / "many_meshes.jsonl")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--half", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(fit(options)))
        return
    options.results.unlink(missing_ok=True)
    where = {"load": os.getloadavg()[0], **environment()}
    for way in WAYS:
        row = measure(way, options)
        append_row(options.results, {**row, "environment": where})
        print(f"{way}: {row['seconds']:.1f} s, {row['megabytes']:.0f} MB, {row['scores']}", flush=True)


if __name__ == "__main__":
    main()

"""Methods for scans at equal processor time: each with its standard preset, four also with one network, no normals.

    python -m benchmarks.quality.published_methods [--shared ../shared] [--scans spot dc] [--noises 0 0.005]
        [--seconds 15 60] [--methods igr igr-mlp] [--work DIR]

The four with names in -mlp are the comparison of the DiffCD paper: network, batch, learning rate and start, a sphere,
are one, the points are taken as they are, and no method is told normals. Only the terms of the loss differ. Budgets are
processor seconds of the optimisation, so that other work on the machine takes no steps away. Runs and pictures of each
budget are in a folder of `--work`, as `diffshape compare` leaves them; what is there already is not made again.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from time import process_time

import torch

from benchmarks.measure import RESULTS, ROOT, append_row, environment, read_rows
from diffshape.batch.compared_scan import compared_scans
from diffshape.batch.comparison import Comparison
from diffshape.fields import MLPConfig
from diffshape.fitting import IGR, DiffCD, FitSettings, NeuralPull, SurfaceArea
from diffshape.fitting.presets import SCAN_PRESETS
from diffshape.training import loop

SCANS = ("spot", "rocker-arm", "armadillo", "dc")
ONE_NETWORK = MLPConfig(hidden_layers=4, width=96, skip=(2,))
SAMPLING = {"scan": None, "batch": 1024, "learning_rate": 2e-3, "schedule": "warmup-cosine"}
"""Settings that the methods with one network share."""
SAME = {
    "diffcd-mlp": DiffCD(surface_batch=1024, eikonal_weight=0.1, normal_weight=0.0, **SAMPLING),
    "igr-mlp": IGR(normals="none", **SAMPLING),
    "surface-area-mlp": SurfaceArea(normals="none", **SAMPLING),
    "neural-pull-mlp": NeuralPull(**SAMPLING),
}
"""Methods that differ in their losses alone."""
KEPT = ("scan", "method", "steps", "spurious_share", "chamfer", "normal_deg", "bodies", "error")
"""Values of a row that are kept."""
ALONE = ("igr", "siren", "digs", "steik", "surface-area", "neural-pull", "diffcd")
"""Methods with their standard presets."""


def settings(method: str, seconds: float) -> FitSettings:
    """The fit of a row: a budget of seconds, everything else as the preset or the one network has it."""
    if method in SAME:
        return FitSettings(method=SAME[method], field=ONE_NETWORK, steps=None, seconds=seconds)
    return replace(SCAN_PRESETS[method]["standard"], steps=None, seconds=seconds)


def main() -> None:
    """Fit what is missing; a row for every fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--results", type=Path, default=RESULTS / "published_methods.jsonl")
    parser.add_argument("--scans", nargs="+", default=SCANS)
    parser.add_argument("--noises", nargs="+", default=["0", "0.005"])
    parser.add_argument("--seconds", nargs="+", type=float, default=[15, 60, 240])
    parser.add_argument("--methods", nargs="+", default=[*SAME, *ALONE])
    parser.add_argument("--work", type=Path, default=ROOT / "outputs" / "published-methods")
    options = parser.parse_args()
    torch.set_num_threads(1)
    loop.monotonic = process_time
    data = options.shared / "data"
    known = {(row["scan"], row["method"], row["budget"]) for row in read_rows(options.results)}
    for seconds in options.seconds:
        for noise in options.noises:
            for scan in options.scans:
                files = [data / "scans" / f"{scan}_{noise}.ply"]
                comparison = Comparison(
                    folder=options.work / f"{seconds:g}",
                    scans=compared_scans(files, data / "meshes"),
                    methods={method: settings(method, seconds) for method in options.methods},
                    device="cpu",
                )
                load = round(os.getloadavg()[0], 1)
                for row in comparison.run().rows:
                    if (row.scan, row.method, seconds) not in known:
                        known.add((row.scan, row.method, seconds))
                        facts = {name: value for name, value in row.to_dict().items() if name in KEPT}
                        facts |= {"budget": seconds, "threads": 1, "clock": "processor", "load": load}
                        append_row(options.results, facts | {"environment": environment()})
                        print(row.scan, row.method, f"{seconds:g} s", row.chamfer, row.spurious_share, flush=True)


if __name__ == "__main__":
    main()

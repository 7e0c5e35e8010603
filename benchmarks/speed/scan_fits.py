"""Seconds and memory of fitting a surface to a scan, from 3,000 to 10,000,000 points, by the command a user types.

    python -m benchmarks.speed.scan_fits [--counts 3000 30000] [--presets standard quick] [--results FILE]

Scans of a drawn solid with noise of 0.005, as those of `benchmarks/speed/scan_cleaning.py`. Seconds are those of the
whole command, start-up included, and those of the optimiser alone, which the command reports itself; memory is the peak
of its process. Beside it, where `pymeshlab` is installed, screened Poisson reconstruction of the points as they are, by
`benchmarks/quality/screened_poisson.py`, the whole command as well, up to 3,000,000 of them. Each runs once; results
are kept as they come, and what is there already is skipped.
"""

import argparse
import json
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import RESULTS, Row, append_row, environment, read_rows, run_measured
from benchmarks.speed.scan_cleaning import COUNTS, child

POISSON = "Poisson"
POISSON_COUNT = 3_000_000
"""Most points that Poisson is given."""
POISSON_COMMAND = ("python", "-m", "benchmarks.quality.screened_poisson", "--raw")


def measure(method: str, scan: Path, out: Path) -> Row:
    """One command, to its end."""
    command = POISSON_COMMAND if method == POISSON else ("diffshape", "fit", "--preset", method)
    load = round(os.getloadavg()[0], 1)
    run = run_measured([*command, str(scan), "--out", str(out)])
    row = {"seconds": round(run.seconds, 2), "megabytes": round(run.megabytes), "load": load}
    if run.status != 0:
        return {**row, "error": next(iter(run.errors.strip().splitlines()[-1:]), f"exit {run.status}")}
    if method == POISSON:
        return row
    return {**row, "optimizer_seconds": json.loads((out / "metrics.json").read_text())["seconds"]}


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="numbers of points")
    parser.add_argument("--presets", nargs="+", default=["standard", "quick"], help="presets of the fit")
    parser.add_argument("--results", type=Path, default=RESULTS / "scan_fit_cost.jsonl")
    options = parser.parse_args()
    methods = [*options.presets, *([POISSON] if find_spec("pymeshlab") else [])]
    done = {(row["points"], row["method"]) for row in read_rows(options.results)}
    machine = environment()
    for count in options.counts:
        asked = [method for method in methods if method != POISSON or count <= POISSON_COUNT]
        todo = [method for method in asked if (count, method) not in done]
        if not todo:
            continue
        with tempfile.TemporaryDirectory() as folder:
            scan = Path(folder) / "scan.npy"
            child("--draw", count, scan)
            for method in todo:
                row = {"points": count, "method": method, **measure(method, scan, Path(folder) / method)}
                append_row(options.results, {**row, "environment": machine})
                told = row.get("error", f"{row['seconds']:.1f} s, {row['megabytes']} MB")
                print(f"{count:,} {method}: {told}", flush=True)


if __name__ == "__main__":
    main()

"""Seconds and memory of cleaning a scan, from 3,000 to 10,000,000 points, beside the preparation of before.

    python -m benchmarks.speed.scan_cleaning [--counts 3000 30000] [--results FILE]

Scans of a drawn solid with noise of 0.005. Every call runs in a process of its own, with the threads that it takes by
default, once on 1,000 of the points before it is timed; seconds are those of the call. Memory is the peak of the
process, the library and the points included. The preparation of before, which needs the history of the repository,
is left out above 300,000 points.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.earlier_preparation import prepare_as_before
from benchmarks.measure import RESULTS, Row, append_row, environment, run_measured

COUNTS = (3000, 30_000, 300_000, 3_000_000, 10_000_000)
BEFORE_COUNT = 300_000
SEED = 1
NOISE = 0.005


def draw(count: int, scan: Path) -> None:
    """Draw a scan into a file, in this process."""
    import numpy as np

    from diffshape.data import drawn_scan, drawn_solid

    np.save(scan, drawn_scan(drawn_solid(SEED), count, noise=NOISE, seed=SEED).points)


def clean(scan: Path) -> Row:
    """Seconds of cleaning the scan of a file, and the threads, in this process."""
    import numpy as np
    import torch

    from diffshape import fitting

    points = np.load(scan)
    fitting.clean_scan(points[:1000].copy())  # compiled before anything is timed
    start = time.perf_counter()
    fitting.clean_scan(points)
    return {"seconds": time.perf_counter() - start, "threads": torch.get_num_threads()}


def measure(method: str, scan: Path) -> Row:
    """One call in a process of its own."""
    if method == "before":
        run = prepare_as_before(scan, scan.with_name("clean.npz"))
        return {"seconds": float(run.output), "megabytes": run.megabytes}
    run = child("--clean", scan)
    return {**json.loads(run.output), "megabytes": run.megabytes}


def child(*arguments: object):
    """Run this module with other arguments."""
    run = run_measured([sys.executable, "-m", __spec__.name, *map(str, arguments)])
    if run.status != 0:
        raise SystemExit(run.errors)
    return run


def main() -> None:
    """Measure every size; the results replace the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="numbers of points")
    parser.add_argument("--results", type=Path, default=RESULTS / "scan_cleaning_cost.jsonl")
    parser.add_argument("--draw", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--clean", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        draw(int(options.draw[0]), Path(options.draw[1]))
        return
    if options.clean:
        print(json.dumps(clean(options.clean)))
        return
    options.results.unlink(missing_ok=True)
    where = {"load": os.getloadavg()[0], **environment()}
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder) / "scan.npy"
        for count in options.counts:
            child("--draw", count, scan)
            for method in ("clean_scan", "before") if count <= BEFORE_COUNT else ("clean_scan",):
                row = {"method": method, "points": count, **measure(method, scan)}
                append_row(options.results, {**row, "environment": where})
                print(f"{count:,} {method}: {row['seconds']:.2f} s, {row['megabytes']:.0f} MB", flush=True)


if __name__ == "__main__":
    main()

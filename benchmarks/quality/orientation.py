"""Sides of cleaned scans: the share of the normals that point outside.

    python -m benchmarks.quality.orientation [--shared ../shared] [--only spot] [--fresh]

Every scan of the shared folder is cleaned (`fitting.clean_scan`); its normals, their signs drawn at random, are then
turned by `ops.orient_points`, and by the orientation before it, on a grid, run from the commit that had it. A side is
right if the normal makes less than 90 degrees with that of the nearest true triangle. ``seconds`` are those of the
processor. Results are kept as they come; what is there already is skipped.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import igl
import numpy as np
import torch

from benchmarks.earlier_preparation import COMMIT, earlier_source
from benchmarks.measure import RESULTS, ROOT, Row, append_row, environment, read_rows
from benchmarks.quality.scan_cleaning import Points, Truth, load, problems
from diffshape.fitting import clean_scan
from diffshape.ops import orient_points

BEFORE = """
import sys, numpy, torch
from diffshape.fitting.scans.orientation import orient_points
numpy.save(sys.argv[2], orient_points(torch.from_numpy(numpy.load(sys.argv[1]))).normals.numpy())
"""


def right_share(truth: Truth, points: Points, normals: Points) -> float:
    """Share of the normals on the side of those of the nearest true triangles."""
    _, faces, _ = igl.point_mesh_squared_distance(np.ascontiguousarray(points, np.float64), *truth.mesh)
    return round(float(((normals * truth.normals[np.asarray(faces)]).sum(axis=1) > 0).mean()), 5)


def normals_before(points: Points) -> Points:
    """Outward normals by the orientation on a grid."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "points.npy", Path(folder) / "normals.npy"
        np.save(given, points)
        command = ["env", f"PYTHONPATH={earlier_source()}", sys.executable, "-c", BEFORE, str(given), str(found)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"orientation of {COMMIT}: {run.stderr}")
        return np.load(found)


def sides(truth: Truth, points: Points, normals: Points) -> Row:
    """Shares of right sides now and before, and the mean confidence of the right and of the wrong ones."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(len(points), 1))
    start = time.process_time()
    oriented = orient_points(torch.from_numpy(points), normals=torch.from_numpy(signs * normals))
    seconds = time.process_time() - start
    before = (normals_before(points) * normals).sum(axis=1, keepdims=True)
    return {
        "points": len(points),
        "right": right_share(truth, points, oriented.normals.numpy()),
        "before": right_share(truth, points, np.where(before < 0, -normals, normals)),
        "confidence": round(float(oriented.confidence.mean()), 4),
        "seconds": round(seconds, 2),
    }


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/")
    parser.add_argument("--only", nargs="+", metavar="SHAPE", help="these shapes only")
    parser.add_argument("--results", type=Path, default=RESULTS / "orientation.jsonl")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    return parser.parse_args()


def main() -> None:
    """Measure, one scan after the other."""
    options = arguments()
    done = set() if options.fresh else {(row["shape"], row["kind"]) for row in read_rows(options.results)}
    for problem in problems(options.shared / "data"):
        key = problem.shape, problem.kind
        if problem.scan is None or key in done or (options.only is not None and problem.shape not in options.only):
            continue
        truth, scan = load(problem)
        clean = clean_scan(scan)
        row = sides(truth, clean.points[~clean.outliers], clean.normals[~clean.outliers])
        append_row(options.results, {"shape": problem.shape, "kind": problem.kind, **row, "environment": environment()})
        print(*key, row, flush=True)


if __name__ == "__main__":
    main()

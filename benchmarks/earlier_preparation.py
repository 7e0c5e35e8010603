"""The preparation of scans before `fitting.clean_scan`, run from the commit that had it, in a process of its own.

    PYTHONPATH=SOURCE python -m benchmarks.earlier_preparation SCAN.npy CLEAN.npz

cleans points (N, 3) in the unit frame, writes ``points`` and ``normals`` of those that it keeps and ``kept``, their
rows in the scan, and prints the seconds of the call, kernels compiled before. It drops outliers, and all but one of the
points in one place.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ROOT, Run, run_measured

COMMIT = "935e8fa"


def prepare_as_before(scan: Path, out: Path) -> Run:
    """Clean one file into another; ``output`` of what comes back is the seconds of the call.

    Raises:
        SystemExit: It failed, or the history here does not reach back to its commit.
    """
    run = run_measured(
        ["env", f"PYTHONPATH={earlier_source()}", sys.executable, "-m", __name__, *map(str, (scan, out))]
    )
    if run.status != 0:
        raise SystemExit(f"preparation of {COMMIT}: {run.errors}")
    return run


def earlier_source() -> Path:
    """Folder with the package as it was, taken out of the history of the repository once."""
    folder = ROOT / "outputs" / "benchmarks" / COMMIT
    if not folder.is_dir():
        packed = subprocess.run(["git", "archive", COMMIT, "src"], cwd=ROOT, capture_output=True)
        if packed.returncode != 0:
            raise SystemExit(f"no commit {COMMIT} here, a shallow clone lacks it: {packed.stderr.decode().strip()}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=folder.parent) as part,
            tarfile.open(fileobj=io.BytesIO(packed.stdout)) as source,
        ):
            source.extractall(part, filter="data")
            (Path(part) / "src").rename(folder)
    return folder


def main() -> None:
    """Clean the first file named into the second."""
    import numpy as np
    import torch

    from diffshape.fitting.scans.prepare import prepare_scan

    scan, out = sys.argv[1:]
    points = torch.from_numpy(np.load(scan))
    prepare_scan(points[:1000].clone())  # compiled before anything is timed
    start = time.perf_counter()
    clean = prepare_scan(points)
    print(time.perf_counter() - start)
    np.savez(out, points=clean.points.numpy(), normals=clean.normals.numpy(), kept=clean.kept.numpy())


if __name__ == "__main__":
    main()

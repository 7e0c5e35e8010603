"""Scans to surfaces: fit every shared scan with the command a user types, and score it against the true mesh.

    python -m benchmarks.quality.surface_quality [--shared ../shared] [--only spot dc] [--noise 0 0.005 scan] [--fresh]

One fit at a time with default settings. Beside each score stands the best screened-Poisson row for the same scan, its
settings chosen in hindsight, which no user can do. Results are kept as they come; what is there already is skipped.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import RESULTS, ROOT, Row, append_row, environment, read_rows, run_measured

SAMPLES = 20_000
"""Points a surface when scoring, as for the Poisson rows."""
FAILED = {"chamfer": None, "hausdorff": None, "normal_deg": None, "bodies": 0, "watertight": False}


class Problem(NamedTuple):
    """A scan and the surface it was taken of; ``noise`` is a share of the longest side, or "scan" for a range scan."""

    shape: str
    noise: str
    scan: Path
    truth: Path


def problems(data: Path) -> Iterator[Problem]:
    """Every scan of the shared folder."""
    for truth in sorted((data / "meshes").glob("*.ply")):
        for scan in sorted((data / "scans").glob(f"{truth.stem}_*.ply")):
            yield Problem(truth.stem, scan.stem.rpartition("_")[2], scan, truth)
    for scan in sorted((data / "abc").glob("*_scan.ply")):
        shape = scan.stem.removesuffix("_scan")
        yield Problem(shape, "scan", scan, scan.with_name(f"{shape}_mesh.ply"))


def fit(problem: Problem, command: list[str], folder: Path, scorer: Path) -> Row:
    """Fit into a folder, then score what came out; a fit that fails scores null and says why."""
    mesh = folder / "mesh.ply"
    mesh.unlink(missing_ok=True)  # else the surface of an earlier run could be scored
    run = run_measured([*command, str(problem.scan), "--out", str(folder)])
    row = {"seconds": round(run.seconds, 2), "megabytes": round(run.megabytes), "command": shlex.join(command)}
    if run.status != 0 or not mesh.is_file():
        reason = next(iter(run.errors.strip().splitlines()[-1:]), f"no {mesh.name}")
        return {**FAILED, **row, "error": f"exit {run.status}: {reason}"}
    return {**score(mesh, problem.truth, scorer), **row}


def score(mesh: Path, truth: Path, scorer: Path) -> Row:
    """Distances and normals by the shared scorer, in units of the truth's longest side."""
    run = run_measured([sys.executable, str(scorer), str(mesh), str(truth), "--samples", str(SAMPLES)])
    if run.status != 0:
        raise SystemExit(f"{scorer} failed on {mesh}:\n{run.errors}")
    return json.loads(run.output)


def best_poisson(rows: list[Row], problem: Problem) -> Row:
    """The row of lowest Chamfer distance for the same scan."""
    same = [row for row in rows if row["shape"] == problem.shape and str(row["noise"]) == problem.noise]
    best = min(same, key=lambda row: row["chamfer"], default={})
    return {f"poisson_{name}": best.get(name) for name in ("chamfer", "normal_deg", "k", "depth", "seconds")}


def describe(row: Row) -> str:
    """A line for the terminal."""
    if row["chamfer"] is None:
        return f"FAILED after {row['seconds']:.0f} s: {row.get('error', 'no surface')}"
    bar = f" (Poisson {row['poisson_chamfer']:.3f})" if row["poisson_chamfer"] else ""
    return f"chamfer {row['chamfer']:.3f}{bar}, normals {row['normal_deg']:.1f} deg, {row['seconds']:.0f} s"


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/ and tools/")
    parser.add_argument("--only", nargs="+", metavar="SHAPE", help="these shapes only")
    parser.add_argument("--noise", nargs="+", default=["0", "0.005", "scan"], help="of 0, 0.005, 0.01, scan")
    parser.add_argument("--command", default="diffshape fit", help="called as COMMAND SCAN --out DIR")
    parser.add_argument("--out", type=Path, default=ROOT / "outputs" / "benchmarks", help="where the fits are kept")
    parser.add_argument("--results", type=Path, default=RESULTS / "surface_quality.jsonl")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    options = parser.parse_args()
    chosen = [
        problem
        for problem in problems(options.shared / "data")
        if problem.noise in options.noise and (options.only is None or problem.shape in options.only)
    ]
    if not chosen:
        parser.error(f"no scan of {options.shared / 'data'} fits --only and --noise; name the folder with --shared")
    options.problems = chosen
    return options


def main() -> None:
    """Measure, one problem after the other."""
    options = arguments()
    poisson = read_rows(options.shared / "data" / "poisson.jsonl")
    done = set() if options.fresh else {(row["shape"], row["noise"]) for row in read_rows(options.results)}
    todo = [problem for problem in options.problems if (problem.shape, problem.noise) not in done]
    machine, scorer = environment(), options.shared / "tools" / "score_surface.py"
    for number, problem in enumerate(todo, start=1):
        print(f"[{number}/{len(todo)}] {problem.shape} noise {problem.noise}: ", end="", flush=True)
        folder = options.out / f"{problem.shape}_{problem.noise}"
        result = fit(problem, shlex.split(options.command), folder, scorer)
        row = {"shape": problem.shape, "noise": problem.noise, **result, **best_poisson(poisson, problem)}
        append_row(options.results, {**row, "environment": machine})
        print(describe(row), flush=True)


if __name__ == "__main__":
    main()

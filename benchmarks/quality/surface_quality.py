"""Scans to surfaces: fit every shared scan with the command a user types, and score it against the true mesh.

    python -m benchmarks.quality.surface_quality [--shared ../shared] [--scans spot skull_0.01] [--kinds 0 views]
        [--presets standard quick] [--variant NAME --options="--steps 900"] [--poisson] [--fresh]

One fit at a time. Beside each score stands the anchor of the scan: of all that other methods score on it with all their
settings the lowest Chamfer distance, and apart from that the lowest normal error, chosen in hindsight as no user can.
A variant is the same command with other options, to see what a part of the fit is worth; --poisson is the variant
that meshes the points of the fit by screened Poisson reconstruction, and needs `pymeshlab`. Results are kept as they
come; what is there already is skipped, so that a run may be stopped at any time and go on later.
"""

import argparse
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import RESULTS, ROOT, Row, append_row, environment, read_rows, run_measured

SAMPLES = 20_000
"""Points a surface when scoring, as for the anchors."""
KINDS = ("0", "0.005", "0.01", "sparse", "views", "outliers", "partial", "misaligned", "dense", "scan")
"""Kinds of scans in the order of a run: noise as a share of the longest side, what users have, ABC range scans."""
FAILED = {"chamfer": None, "hausdorff": None, "normal_deg": None, "bodies": 0, "watertight": False}
POISSON = "Poisson on the same points"
POISSON_COMMAND = "python -m benchmarks.quality.screened_poisson"


class Problem(NamedTuple):
    """A scan and the surface it was taken of."""

    shape: str
    kind: str
    scan: Path
    truth: Path

    @property
    def name(self) -> str:
        """Shape and kind in one word."""
        return f"{self.shape}_{self.kind}"


def problems(data: Path) -> Iterator[Problem]:
    """Every scan of the shared folder."""
    for truth in sorted((data / "meshes").glob("*.ply")):
        for scan in sorted((data / "scans").glob(f"{truth.stem}_*.ply")):
            yield Problem(truth.stem, scan.stem.rpartition("_")[2], scan, truth)
    for scan in sorted((data / "abc").glob("*_scan.ply")):
        shape = scan.stem.removesuffix("_scan")
        yield Problem(shape, "scan", scan, scan.with_name(f"{shape}_mesh.ply"))


def fit(problem: Problem, command: list[str], folder: Path, scorer: Path) -> Row:
    """Fit into a folder, then score the best of what came out; a fit that fails scores null and says why."""
    shutil.rmtree(folder, ignore_errors=True)  # else the surface of an earlier run could be scored
    load = round(os.getloadavg()[0], 1)
    run = run_measured([*command, str(problem.scan), "--out", str(folder)])
    row = {"seconds": round(run.seconds, 2), "megabytes": round(run.megabytes), "load": load}
    row["command"] = shlex.join(command)
    meshes = sorted(folder.glob("mesh*.ply"))
    if run.status != 0 or not meshes:
        reason = next(iter(run.errors.strip().splitlines()[-1:]), "no mesh.ply")
        return {**FAILED, **row, "error": f"exit {run.status}: {reason}"}
    scores = [score(mesh, problem.truth, scorer) for mesh in meshes]
    return {**min(scores, key=lambda each: (each["chamfer"] is None, each["chamfer"])), **row}


def score(mesh: Path, truth: Path, scorer: Path, samples: int = SAMPLES) -> Row:
    """Distances and normals by the shared scorer, in units of the truth's longest side."""
    run = run_measured([sys.executable, str(scorer), str(mesh), str(truth), "--samples", str(samples)])
    if run.status != 0:
        raise SystemExit(f"{scorer} failed on {mesh}:\n{run.errors}")
    return json.loads(run.output)


@cache
def true_bodies(truth: Path, scorer: Path) -> int:
    """Number of bodies of a true mesh, counted as those of a fit."""
    return score(truth, truth, scorer, samples=1)["bodies"]


def anchor(rows: list[Row], problem: Problem) -> Row:
    """The lowest Chamfer distance of all rows of a scan with its method, and the lowest normal error; empty without."""
    same = [row for row in rows if row["shape"] == problem.shape and kind_of(row["noise"]) == problem.kind]
    if not same:
        return {}
    best = min(same, key=lambda row: row["chamfer"])
    return {
        "anchor_chamfer": best["chamfer"],
        "anchor_normal_deg": min(row["normal_deg"] for row in same),
        "anchor_method": best.get("method", "poisson"),
        "anchor_params": best.get("params") or f"k {best['k']} depth {best['depth']} pw 4",
    }


def kind_of(noise: str | float) -> str:
    """A noise as the names of scans have it; rows of anchors hold numbers beside names."""
    return noise if isinstance(noise, str) else f"{noise:g}"


def describe(row: Row) -> str:
    """A line for the terminal."""
    if row["chamfer"] is None:
        return f"FAILED after {row['seconds']:.0f} s: {row.get('error', 'no surface')}"
    bar = f" (anchor {row['anchor_chamfer']:.3f})" if "anchor_chamfer" in row else ""
    return f"chamfer {row['chamfer']:.3f}{bar}, normals {row['normal_deg']:.1f} deg, {row['seconds']:.0f} s"


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/ and tools/")
    parser.add_argument("--scans", nargs="+", metavar="NAME", help="these only: shapes, or scans such as spot_0.01")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--presets", nargs="+", default=["standard"], help="presets of the fit (standard)")
    parser.add_argument("--variant", metavar="NAME", help="name on the page of fits that differ from the default")
    parser.add_argument("--options", default="", help="what a variant passes to the command, in one string")
    parser.add_argument("--poisson", action="store_true", help=f"the variant {POISSON!r}")
    parser.add_argument("--command", default="diffshape fit", help="called as COMMAND SCAN --out DIR")
    parser.add_argument("--out", type=Path, default=ROOT / "outputs" / "benchmarks", help="where the fits are kept")
    parser.add_argument("--results", type=Path, default=RESULTS / "surface_quality.jsonl")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    options = parser.parse_args()
    if options.options and not options.variant:
        parser.error("--options are those of a --variant; give it a name")
    if options.poisson:
        options.variant, options.command = POISSON, POISSON_COMMAND
    if options.variant and options.presets != ["standard"]:
        parser.error("a variant is one of the preset standard; leave out --presets")
    options.problems = [
        problem
        for problem in problems(options.shared / "data")
        if problem.kind in options.kinds
        and (options.scans is None or {problem.shape, problem.name} & set(options.scans))
    ]
    if not options.problems:
        parser.error(f"no scan of {options.shared / 'data'} fits --scans and --kinds; name the folder with --shared")
    options.problems.sort(key=lambda problem: KINDS.index(problem.kind))
    return options


def main() -> None:
    """Measure, one scan after the other."""
    options = arguments()
    if options.poisson and find_spec("pymeshlab") is None:
        print(f"{POISSON}: skipped, as pymeshlab is not installed here")
        return
    data, scorer = options.shared / "data", options.shared / "tools" / "score_surface.py"
    anchors = [row for name in ("anchors", "poisson") for row in read_rows(data / f"{name}.jsonl")]
    names = ("shape", "kind", "preset", "variant")
    done = {tuple(row[name] for name in names) for row in read_rows(options.results) if not options.fresh}
    keys = [(problem, preset) for preset in options.presets for problem in options.problems]
    todo = [each for each in keys if (each[0].shape, each[0].kind, each[1], options.variant) not in done]
    machine = environment()
    for number, (problem, preset) in enumerate(todo, start=1):
        print(f"[{number}/{len(todo)}] {problem.name} {options.variant or ''} {preset}: ", end="", flush=True)
        chosen = [] if preset == "standard" else ["--preset", preset]
        command = [*shlex.split(options.command), *chosen, *shlex.split(options.options)]
        result = fit(problem, command, options.out / problem.name / (options.variant or preset), scorer)
        row = dict(zip(names, (problem.shape, problem.kind, preset, options.variant))) | result
        row |= {"true_bodies": true_bodies(problem.truth, scorer), **anchor(anchors, problem)}
        append_row(options.results, {**row, "environment": machine})
        print(describe(row), flush=True)


if __name__ == "__main__":
    main()

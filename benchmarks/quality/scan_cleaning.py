"""Scans cleaned: how far the points are from the true surface then, and how far their normals from its normals.

    python -m benchmarks.quality.scan_cleaning [--shared ../shared] [--methods jet wlop] [--only spot] [--kinds 0.005]

Every scan of the shared folder, and those of `benchmarks/quality/unseen_scans.py`, is cleaned in the frame in which the
true mesh has its box centre at 0 and a longest side of 1. Distances are to the nearest place on the true triangles, the
angle is between the normal and that of the triangle there, sign ignored; means over all points that a method does not
mark as outliers. What has settings is scored with all of them, the best kept for points and for normals apart. On scans
with outliers, marks are right on points that were farther than 0.01 from the surface. Results are kept as they come;
what is there already is skipped. "wlop" needs CGAL's Python package (`cgal`), "before" the history of the repository.
"""

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import igl
import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import RESULTS, ROOT, Row, append_row, environment, read_rows
from benchmarks.quality.scan_cleaners import CLEANERS, Cleaned, mean_spacing
from benchmarks.quality.unseen_scans import UNSEEN, unseen_scan
from diffshape.data import Mesh, read_mesh, read_points

UNSEEN_SHAPES = ("spot", "fandisk", "armadillo", "skull", "anchor")
OUTLYING = 0.01
"""Distance beyond which a point of a scan with outliers is one: five times the noise of the others."""
LARGE = 100_000
"""Most points that WLOP cleans in minutes."""
Points = NDArray[np.float64]


class Problem(NamedTuple):
    """A scan to clean; ``scan`` is ``None`` where it is made of the truth."""

    shape: str
    kind: str
    truth: Path
    scan: Path | None


class Truth(NamedTuple):
    """True surface with its longest side 1, and the unit normals of its triangles."""

    mesh: Mesh
    normals: Points
    center: Points
    scale: float

    def errors(self, points: Points, normals: Points | None) -> tuple[Points, Points | None]:
        """Distance of each point, and the angle of its normal in degrees."""
        squared, faces, _ = igl.point_mesh_squared_distance(np.ascontiguousarray(points, np.float64), *self.mesh[:2])
        if normals is None:
            return np.sqrt(squared), None
        cosines = np.abs((normals * self.normals[faces]).sum(axis=1))
        return np.sqrt(squared), np.degrees(np.arccos(cosines.clip(max=1)))


def problems(data: Path) -> Iterator[Problem]:
    """Every scan."""
    for truth in sorted((data / "meshes").glob("*.ply")):
        for scan in sorted((data / "scans").glob(f"{truth.stem}_*.ply")):
            yield Problem(truth.stem, scan.stem.rpartition("_")[2], truth, scan)
        if truth.stem in UNSEEN_SHAPES:
            yield from (Problem(truth.stem, kind, truth, None) for kind in UNSEEN)


def read_truth(path: Path) -> Truth:
    """The true surface."""
    vertices, faces = read_mesh(path)
    used = vertices[faces.ravel()]
    low, high = used.min(axis=0), used.max(axis=0)
    center, scale = (low + high) / 2, float((high - low).max())
    mesh = Mesh((np.asarray(vertices, np.float64) - center) / scale, np.asarray(faces, np.int64))
    a, b, c = mesh.vertices[mesh.faces].swapaxes(0, 1)
    normals = np.cross(b - a, c - a)
    return Truth(mesh, normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(min=1e-300), center, scale)


def load(problem: Problem) -> tuple[Truth, Points]:
    """The true surface and the scan, in its frame."""
    truth = read_truth(problem.truth)
    if problem.scan is None:
        return truth, unseen_scan(problem.kind, truth.mesh)
    return truth, (np.asarray(read_points(problem.scan).points, np.float64) - truth.center) / truth.scale


def score(truth: Truth, points: Points, results: list[Cleaned], *, with_outliers: bool) -> Row:
    """Errors of one method: the least mean distance and the least mean angle of its settings, moves and marks.

    Distances are times 1000, angles in degrees, moves in mean distances from a point to the nearest other one.
    """
    found = [(each, *truth.errors(each.points, each.normals)) for each in results]
    best, distances, _ = min(found, key=lambda result: result[1].mean())
    row: Row = {"points": len(points), "distance": round(1e3 * float(distances.mean()), 4), "setting": best.setting}
    angles = [(round(float(angle.mean()), 3), each.setting) for each, _, angle in found if angle is not None]
    row["normal_deg"], row["normal_setting"] = min(angles, default=(None, None))
    if best.kept is not None:
        moves = np.linalg.norm(best.points - points[best.kept], axis=1)
        row |= {"moved": round(float(moves.mean()) / mean_spacing(points), 5), "marked": len(points) - len(best.kept)}
        if with_outliers:
            outlying = truth.errors(points, None)[0] > OUTLYING
            missed = int(outlying[best.kept].sum())
            row |= {"outlying": int(outlying.sum()), "marked_outlying": int(outlying.sum()) - missed}
    return row


def is_asked(method: str, kind: str, count: int) -> bool:
    """Whether a method cleans a scan of so many points: WLOP moves every point and takes hours for many."""
    return method != "wlop" or (kind != "0" and count <= LARGE)


def arguments() -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/")
    installed = [method for method in CLEANERS if method != "wlop" or find_spec("CGAL")]
    parser.add_argument("--methods", nargs="+", choices=list(CLEANERS), default=installed)
    parser.add_argument("--only", nargs="+", metavar="SHAPE", help="these shapes only")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="0, 0.005, 0.01, sparse, salt and so on")
    parser.add_argument("--results", type=Path, default=RESULTS / "scan_cleaning.jsonl")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there already")
    options = parser.parse_args()
    options.problems = [
        problem
        for problem in problems(options.shared / "data")
        if (options.only is None or problem.shape in options.only)
        and (options.kinds is None or problem.kind in options.kinds)
    ]
    if not options.problems:
        parser.error(f"no scan of {options.shared / 'data'} fits --only and --kinds; name the folder with --shared")
    return options


def main() -> None:
    """Measure, one scan after the other."""
    options = arguments()
    done = {(row["shape"], row["kind"], row["method"]) for row in read_rows(options.results) if not options.fresh}
    machine = environment()
    for problem in options.problems:
        key = (problem.shape, problem.kind)
        todo = [method for method in options.methods if (*key, method) not in done]
        if not todo:
            continue
        truth, points = load(problem)
        for method in todo:
            if not is_asked(method, problem.kind, len(points)):
                continue
            results = list(CLEANERS[method](points))
            row = score(truth, points, results, with_outliers=problem.kind == "outliers")
            named = {"shape": problem.shape, "kind": problem.kind, "method": method}
            append_row(options.results, {**named, **row, "environment": machine})
            normals = "" if row["normal_deg"] is None else f", normals {row['normal_deg']:.2f} deg"
            print(f"{problem.shape} {problem.kind} {method}: {row['distance']:.3f}{normals}", flush=True)


if __name__ == "__main__":
    main()

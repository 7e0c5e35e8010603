"""Sharp edges of surfaces of scans: with vertices moved onto the planes of the points there, and as extracted.

    python -m benchmarks.quality.sharp_edges [--shared ../shared] [--results FILE]

Every scan is fitted once by the default method, and its surface is extracted twice, with `with_creases` of
`fitting/surface/creases.py` and without. `chamfer` is the mean distance of both directions, from samples to triangles,
as a share of the longest side, times 1000; `degrees` the mean angle between the normals. `moved` is the share of the
vertices that move. The kettle is drawn by the library (`data.demo_scan` is its scan with noise 0.002), the other scans
are files of 30,000 points, named by their noise.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.measure import RESULTS, ROOT, append_row, environment
from diffshape import data, fitting, metrics
from diffshape.data import Mesh

NAME = "sharp_edges.jsonl"
FILES = ("fandisk_0", "fandisk_0.005")
KETTLES = {"kettle_0": 0.0, "kettle_0.002": 0.002}
KEPT = "diffshape.fitting.result.with_creases"
SAMPLES = 200_000


def scans(shared: Path) -> Iterator[tuple[str, np.ndarray, Mesh]]:
    """Names, points and true surfaces; the files only where the folder of data is there."""
    kettle = data.procedural_object("kettle").mesh()
    for name, noise in KETTLES.items():
        yield name, data.simulate_scan(kettle, 30_000, noise=noise), kettle
    for name in FILES if (shared / "data").is_dir() else ():
        truth = data.read_mesh(shared / "data" / "meshes" / f"{name.split('_')[0]}.ply")
        yield name, data.read_points(shared / "data" / "scans" / f"{name}.ply").points, truth


def row(name: str, points: np.ndarray, truth: Mesh) -> dict:
    """The scores of a surface as it was extracted, and with its sharp edges."""
    result = fitting.fit_points(points)
    with patch(KEPT, lambda vertices, *_: vertices):
        before = result.mesh()
    after = result.mesh()
    scores = {}
    for when, mesh in (("before", before), ("after", after)):
        score = metrics.compare_surfaces(mesh, truth, samples=SAMPLES)
        scores |= {f"chamfer_{when}": round(1000 * score.chamfer, 4)}
        scores |= {f"degrees_{when}": round(score.normal_deg, 3)}
    moved = float((before.vertices != after.vertices).any(1).mean())
    return {"scan": name, "points": len(points), "faces": len(after.faces), **scores, "moved": round(moved, 4)}


def main() -> None:
    """Fit and score every scan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder of meshes and scans")
    parser.add_argument("--results", type=Path, default=RESULTS / NAME)
    options = parser.parse_args()
    machine = environment()
    for name, points, truth in scans(options.shared):
        found = row(name, points, truth)
        append_row(options.results, {**found, "environment": machine})
        print(found, flush=True)


if __name__ == "__main__":
    main()

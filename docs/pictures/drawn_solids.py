"""The pictures of docs/shapes/drawn-solids.md: drawn solids, and scans of one. Each point is a small triangle.

python docs/pictures/drawn_solids.py
"""

from pathlib import Path

import numpy as np
from indexed import write_indexed
from scipy.spatial import KDTree

from diffshape import data, report
from diffshape.report.pictures.surfels import surfels

IMAGES = Path(__file__).resolve().parents[1] / "images"
BOX = ((-0.35, -0.35, -0.35), (0.35, 0.35, 0.35))
SIZE = 200
SEEDS = (
    (28, 33, 36, 44, 60, 63),  # primitives added and cut away
    (27, 40, 41, 51, 71, 24),  # warped
    (64, 58, 39, 50, 7, 35),  # reliefs, letters, a cup
    (30, 47, 48, 65, 68, 42),  # open surfaces
)
SCANS = {
    "dense, uneven": {"count": 40_000, "unevenness": 2.3},
    "sparse": {"count": 1500},
    "gaussian 0.01": {"count": 20_000, "noise": 0.01},
    "ray 0.02": {"count": 20_000, "noise": 0.02, "noise_kind": "ray"},
    "laplace 0.01": {"count": 20_000, "noise": 0.01, "noise_kind": "laplace"},
    "grid 0.01": {"count": 20_000, "noise": 0.01, "noise_kind": "grid"},
    "outliers 0.02": {"count": 20_000, "outliers": 0.02},
    "one-sided": {"count": 20_000, "views": 1},
    "views 0.02": {"count": 20_000, "views": 4, "misalignment": 0.02},
    "ten holes": {"count": 20_000, "holes": 10},
}


def pieces(points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A triangle across the normal of every point, four distances to the nearest other point wide."""
    return surfels(points, normals, 4 * float(np.median(KDTree(points).query(points[:2000], 2)[0][:, 1])))


def draw_solid(seed: int) -> tuple[str, np.ndarray]:
    """Caption and panel; where the inner side of a surface is seen, it is red."""
    return f"seed {seed}", report.preview(*pieces(*data.drawn_solid(seed).sample(250_000, seed=1)), size=SIZE)


def draw_scans(seed: int = 63) -> None:
    """One panel a kind of scan of one solid."""
    solid = data.drawn_solid(seed)
    panels = []
    for title, options in SCANS.items():
        scan = data.drawn_scan(solid, seed=2, **options)
        panels.append((title, report.preview([], [], scan.points, bounds=BOX, size=SIZE)[:, :SIZE]))
    write_indexed(report.gallery([panels[:5], panels[5:]]), IMAGES / "drawn-scans.png")


if __name__ == "__main__":
    solids = report.gallery([[draw_solid(seed) for seed in row] for row in SEEDS])
    write_indexed(solids, IMAGES / "drawn-solids.png")
    draw_scans()

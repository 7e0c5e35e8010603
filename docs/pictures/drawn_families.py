"""The pictures of docs/shapes/drawn-families.md: shapes of every family, and the pictures that models see of some.

python docs/pictures/drawn_families.py
"""

from pathlib import Path
from typing import get_args

import numpy as np
from indexed import write_indexed

from diffshape import data, report
from diffshape.data.synthetic.assembled.families import DrawnFamilyName

IMAGES = Path(__file__).resolve().parents[1] / "images"
SIZE = 150
COLUMNS = 6
SEEN = {"chair": 4, "plane": 0, "csg": 5}
"""Families, and the seed of the shape that is seen from several sides."""


def draw_row(family: str) -> list[tuple[str, np.ndarray]]:
    """Captions and panels of the first shapes of a family."""
    meshes = data.draw_meshes(family, COLUMNS)
    return [(f"{family} {number}", report.preview(*mesh, size=SIZE, up="y")) for number, mesh in enumerate(meshes)]


def draw_views(family: str, seed: int) -> list[tuple[str, np.ndarray]]:
    """A silhouette, and depths from several sides, near ones bright."""
    shapes = data.draw_shapes(
        family, 1, seed=seed, points=None, volume_points=None, near_points=None, views=COLUMNS - 1, image_size=SIZE
    )
    depths = shapes.depths[0].numpy()
    bright = np.where(depths > 0, 1.3 - 0.8 * depths, 0).clip(0, 1)
    silhouette = family, gray(shapes.images[0, 0].numpy())
    return [silhouette, *(("depth", gray(each)) for each in bright)]


def gray(image: np.ndarray) -> np.ndarray:
    """Brightness from 0 to 1 as a panel."""
    return np.repeat((255 * image).astype(np.uint8)[..., None], 3, axis=2)


if __name__ == "__main__":
    families = report.gallery([draw_row(family) for family in get_args(DrawnFamilyName)])
    write_indexed(families, IMAGES / "drawn-families.png")
    report.gallery([draw_views(*each) for each in SEEN.items()], path=IMAGES / "drawn-views.png")

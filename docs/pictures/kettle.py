"""The pictures of the README: the built-in scan and the surface that ``diffshape demo`` fits to it, still and turning.

python docs/pictures/kettle.py
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from diffshape.cli.main import main
from diffshape.data import read_mesh, read_points
from diffshape.report import turntable

IMAGES = Path(__file__).resolve().parents[1] / "images"
COLORS, FRAMES, SIDE = 255, 30, 206
"""Colours of the still picture; pictures of the turning one, and the side of each of its two panels in pixels."""


def draw(folder: Path) -> None:
    """Draw what ``diffshape demo`` wrote to a folder."""
    still = Image.open(folder / "fit" / "preview.png")
    few = still.quantize(COLORS, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)
    few.save(IMAGES / "kettle.png", optimize=True)
    mesh, points = read_mesh(folder / "fit" / "mesh.ply"), read_points(folder / "scan.ply").points
    turntable(mesh.vertices, mesh.faces, points, path=IMAGES / "kettle.gif", frames=FRAMES, size=SIDE)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        code = main(["demo", "--out", place])
        if code == 0:
            draw(Path(place))
    sys.exit(code)

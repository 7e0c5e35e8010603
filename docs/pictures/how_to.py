"""The pictures of docs/encode-a-mesh.md and docs/landmarks.md.

python docs/pictures/how_to.py encoded|landmarks
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from indexed import write_indexed
from PIL import Image

from diffshape import data, fitting, report
from diffshape.cli.main import main

IMAGES = Path(__file__).resolve().parents[1] / "images"
_SIDE, _SHOWN = 320, 3
"""Side of an image in the picture of a training, and number of those that are shown."""


def draw_encoded() -> None:
    """The kettle, the surface of a field that learned it in 800 steps, and the field on a plane."""
    _, kettle = data.demo_scan()
    result = fitting.fit_mesh(kettle, steps=800, progress=False)
    strip = report.shape_strip([("the mesh", tuple(kettle)), ("of the field", tuple(result.mesh(256)))], size=260)
    plane = report.level_set_figure(result.field, planes=[("y", 0.0)], size=260)[: len(strip)]
    below = ((0, len(strip) - len(plane)), (0, 0), (0, 0))
    write_indexed(np.hstack([strip, np.pad(plane, below, constant_values=255)]), IMAGES / "encoded-kettle.png")


def draw_landmarks() -> None:
    """What a short training of the network leaves in its folder."""
    with tempfile.TemporaryDirectory() as folder:
        if main(["train", "landmarks", "--steps", "600", "--out", f"{folder}/run", "--quiet"]):
            sys.exit("the training failed")
        with Image.open(f"{folder}/run/overlay.png") as overlay:
            write_indexed(np.asarray(overlay.convert("RGB"))[:_SIDE, : _SHOWN * _SIDE], IMAGES / "landmarks.png")


if __name__ == "__main__":
    {"encoded": draw_encoded, "landmarks": draw_landmarks}[sys.argv[1]]()

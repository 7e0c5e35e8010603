"""Folders of runs as they are left, written by hand, so that no test has to train."""

from pathlib import Path

import numpy as np

from diffshape._files import write_json, write_yaml
from diffshape.report import write_png

SURFACES = {
    "steps": 60,
    "seconds": 4.5,
    "tested": ["chair 0", "<i>chair 1</i>"],
    "score": {"iou": [0.5, 0.75], "chamfer": [0.25, None], "normals": [0.875, None], "threshold": 0.25},
}
"""Metrics of a model of surfaces."""


def picture(path):
    """A small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, np.full((12, 700, 3), 200, np.uint8))


def run_folder(path, kind="train occupancy", metrics=SURFACES, pictures=(), **settings):
    """A run folder; without metrics one that is not finished."""
    path = Path(path)
    path.mkdir(parents=True)
    write_yaml(path / "config.yaml", {"version": 2, "kind": kind, **settings})
    write_json(path / "environment.json", {"python": "3.12", "command": ["diffshape", *kind.split(), "<b>"]})
    (path / "log.csv").write_text("step,seconds,lr,loss\n1,0.1,0.01,4\n10,0.5,0.01,2\n", encoding="utf-8")
    if metrics is not None:
        write_json(path / "metrics.json", metrics)
    for name in pictures:
        picture(path / name)
    return path

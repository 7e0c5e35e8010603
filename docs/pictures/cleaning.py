"""The picture of docs/clean-a-scan.md: what ``diffshape clean`` draws of a noisy scan of the kettle with stray points.

python docs/pictures/cleaning.py
"""

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from diffshape import data
from diffshape.cli.main import main

IMAGE = Path(__file__).resolve().parents[1] / "images" / "cleaned-kettle.png"

with tempfile.TemporaryDirectory() as folder:
    points = data.simulate_scan(data.demo_scan()[1], 30_000, noise=0.005, unevenness=1.0)
    stray = np.random.default_rng(0).uniform(points.min(axis=0), points.max(axis=0), (100, 3))
    data.write_points(Path(folder, "scan.ply"), np.concatenate([points, stray]))
    code = main(["clean", str(Path(folder, "scan.ply"))])
    if code == 0:
        shutil.copy(Path(folder, "scan_clean.png"), IMAGE)
sys.exit(code)

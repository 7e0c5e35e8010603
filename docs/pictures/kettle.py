"""The picture of the README: what ``diffshape demo`` draws of the built-in scan and the surface that it fits.

python docs/pictures/kettle.py
"""

import shutil
import sys
import tempfile
from pathlib import Path

from diffshape.cli.main import main

IMAGE = Path(__file__).resolve().parents[1] / "images" / "kettle.png"

with tempfile.TemporaryDirectory() as folder:
    code = main(["demo", "--out", folder])
    if code == 0:
        shutil.copy(Path(folder, "fit", "preview.png"), IMAGE)
sys.exit(code)

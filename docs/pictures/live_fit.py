"""The picture of docs/view.md on a fit that is watched: a scan of the kettle, its surface as it grows, in Chromium.

python docs/pictures/live_fit.py [STEPS]

The picture is taken after so many steps (600), and the fit is then stopped by its button.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from indexed import write_indexed
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from diffshape import data

IMAGE = Path(__file__).resolve().parents[1] / "images" / "live-fit.png"
PATIENCE = 300_000
"""Milliseconds within which a browser without a graphics card has drawn what was chosen."""
FIT = [sys.executable, "-u", "-m", "diffshape", "fit", "kettle.ply", "--method", "igr", "--vis", "viewer"]


def step(page: Page) -> int:
    """The step that the panel tells."""
    told = page.get_by_text(re.compile(r"^step [\d,]+")).inner_text(timeout=PATIENCE)
    return int(told.split()[1].replace(",", ""))


def photograph(address: str, steps: int) -> None:
    """Take the picture after so many steps."""
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 640})
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.get_by_text("Software WebGL").locator("..").locator("..").get_by_role("button").click()
        while step(page) < steps:
            page.wait_for_timeout(500)
        page.get_by_role("button", name="extract now").click()
        page.wait_for_timeout(20_000)
        write_indexed(np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")), IMAGE)
        page.get_by_role("button", name="stop").click()
        page.wait_for_timeout(1_000)
        browser.close()


with tempfile.TemporaryDirectory() as folder:
    data.write_points(Path(folder, "kettle.ply"), data.demo_scan()[0])
    fit = subprocess.Popen(FIT, cwd=folder, stdout=subprocess.PIPE, text=True)
    address = next(filter(None, (re.search(r"http://\S+", line) for line in fit.stdout or ())))[0]
    photograph(address, int(sys.argv[1]) if len(sys.argv) > 1 else 600)
    fit.communicate()

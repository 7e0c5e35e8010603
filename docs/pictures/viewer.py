"""The picture of docs/view.md: the run of ``diffshape demo`` in the viewer, in Chromium, by Playwright.

python docs/pictures/viewer.py RUN
"""

import io
import shutil
import sys
from pathlib import Path

import numpy as np
from indexed import write_indexed
from PIL import Image
from playwright.sync_api import sync_playwright

from diffshape import report

IMAGE = Path(__file__).resolve().parents[1] / "images" / "viewer.png"
WAIT = 30_000
"""Milliseconds within which a browser without a graphics card has drawn what was chosen."""

viewer = report.view(sys.argv[1])
with sync_playwright() as running:
    browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1000, "height": 640})
    page.set_default_timeout(10 * WAIT)
    page.goto(viewer.address)
    page.get_by_text("Software WebGL").locator("..").locator("..").get_by_role("button").click()
    page.wait_for_timeout(WAIT)
    viewer.panel.surface_colors.value = "distance to the true surface"
    viewer.panel.axis.value = "y"
    viewer.panel.sliced.value = viewer.panel.cut.value = viewer.panel.far.value = True
    viewer.settle()
    page.wait_for_timeout(WAIT)
    write_indexed(np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")), IMAGE)
    browser.close()
viewer.close()

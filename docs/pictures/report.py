"""The picture of a report: that of ``diffshape demo``, in Chromium, by Playwright.

python docs/pictures/report.py [REPORT]
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from diffshape.cli.main import main

IMAGE = Path(__file__).resolve().parents[1] / "images" / "report.png"


def photograph(report: Path) -> None:
    """Take the picture of a report whose surface is coloured by its errors."""
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 1010})
        page.goto(report.resolve().as_uri())
        page.wait_for_function("document.querySelector('canvas').dataset.pictures > 0")
        page.get_by_label("Colour of surface").select_option(label="distance to the true surface")
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGE)
        browser.close()


if len(sys.argv) > 1:
    photograph(Path(sys.argv[1]))
else:
    with tempfile.TemporaryDirectory() as folder:
        if code := main(["demo", "--out", folder]):
            sys.exit(code)
        photograph(Path(folder, "fit", "report.html"))

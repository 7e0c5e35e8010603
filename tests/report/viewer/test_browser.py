"""The viewer in a real browser: a click on a layer, a slice that moves, and pixels that follow; no other host is asked.

Skipped where Playwright or Chromium is absent.
"""

import io
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from diffshape.report.viewer.exhibit import Exhibit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def page():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 700, "height": 400})
        browser.close()


def pixels(page) -> np.ndarray:
    """What is seen left of the panel."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    return picture[170:, :360].astype(int)


def until(page, holds, seconds=60):
    """Wait for pixels of which something holds, and return whether it came to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds(pixels(page)):
            return True
        page.wait_for_timeout(300)
    return False


def is_blank(picture) -> bool:
    return bool((picture > 245).all())


def is_red(picture) -> bool:
    """Whether there is the inside of a slice."""
    return bool(((picture[..., 0] - picture[..., 2]) > 60).sum() > 50)


def test_clicks_reach_the_scene_and_nothing_else_is_asked(page, viewer, ball_scene, distance, tmp_path):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    viewer.show([Exhibit("ball", ball_scene, distance)])
    viewer.jobs.start()
    page.goto(viewer.address)
    box = page.get_by_role("checkbox")
    box.first.wait_for(timeout=60_000)
    assert until(page, lambda picture: not is_blank(picture))
    page.get_by_label("surface", exact=True).first.evaluate("box => box.click()")
    assert until(page, is_blank)
    assert not viewer.panel.layers["surface"].value
    page.get_by_label("show the field").first.evaluate("box => box.click()")
    assert until(page, is_red)
    assert viewer.panel.sliced.value
    place = page.get_by_role("slider").nth(2)
    place.evaluate("slider => slider.focus()")
    page.keyboard.press("End")
    assert until(page, lambda picture: not is_red(picture))  # the plane is outside
    assert viewer.panel.offset.value == 0.6
    viewer.panel.offset.value = 0.0
    assert until(page, is_red)
    seen = np.asarray(Image.open(viewer.screenshot(tmp_path / "seen.png", width=300, height=200)))
    assert seen.shape == (200, 300, 3)
    assert is_red(seen.astype(int))
    assert all(url.startswith((viewer.address, "data:", "blob:")) for url in asked)

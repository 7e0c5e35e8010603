"""The viewer in a real browser: a click on a layer, a slice that moves, and pixels that follow; no other host is asked.

Skipped where Playwright or Chromium is absent.
"""

import io
import shutil
import time

import numpy as np
import pytest
from PIL import Image
from viser.transforms import SO3

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
        page = browser.new_page(viewport={"width": 700, "height": 400})
        page.set_default_timeout(120_000)  # a machine that is busy draws it slowly, without a graphics card
        yield page
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


def seen_at(viewer, place) -> tuple[float, float]:
    """Where on the page a place of the only scene is seen, in pixels."""
    camera = next(iter(viewer.server.get_clients().values())).camera
    right, down, ahead = SO3(camera.wxyz).inverse() @ (place - camera.position)
    length = camera.image_height / 2 / np.tan(camera.fov / 2)
    return camera.image_width / 2 + length * right / ahead, camera.image_height / 2 + length * down / ahead


def drag_arrow(page, viewer, axis: int, by: float) -> None:
    """Drag the plane by its arrow."""
    middle = viewer.server.scene.get_handle_by_name("/0/handle").position + np.eye(3)[axis] * 0.2
    places = [seen_at(viewer, middle + np.eye(3)[axis] * share * by) for share in (0.0, 0.5, 1.0)]
    page.mouse.move(*places[0])
    page.wait_for_timeout(500)
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
        page.wait_for_timeout(500)
    page.mouse.up()


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
    for axis in (0, 2):
        viewer.panel.axis.value, viewer.panel.offset.value = "xyz"[axis], 0.0
        viewer.settle()
        page.wait_for_timeout(2000)
        drag_arrow(page, viewer, axis, by=-0.2)
        assert until(page, lambda picture: abs(viewer.panel.offset.value + 0.2) < 0.02)
    viewer.panel.axis.value = "x"
    seen = np.asarray(Image.open(viewer.screenshot(tmp_path / "seen.png", width=300, height=200)))
    assert seen.shape == (200, 300, 3)
    assert is_red(seen.astype(int))
    assert all(url.startswith((viewer.address, "data:", "blob:")) for url in asked)

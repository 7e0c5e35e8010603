"""The viewer in a real browser: clicks, drags, and pixels that follow; no other host is asked."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from viser.transforms import SO3

from diffshape.data import icosphere
from diffshape.report.scene.layers import Scene, Surface
from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.row import row_places
from viewer_controls import press

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESKTOP, PHONE = {"width": 700, "height": 400}, {"width": 390, "height": 700}


@pytest.fixture
def open_page(browser, viewer):
    """A function that opens the viewer in a window of a size; no page asks another host, and no script fails."""
    opened, asked, errors = [], [], []

    def open_page(size):
        page = browser.new_page(viewport=size)
        page.set_default_timeout(120_000)  # a machine that is busy draws it slowly, without a graphics card
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(viewer.address)
        page.locator("canvas").first.wait_for()
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
    assert [url for url in asked if not url.startswith((viewer.address, "data:", "blob:"))] == []
    assert errors == []


def pixels(page) -> np.ndarray:
    """What is seen left of the panel of a desktop and above that of a phone, below the notice of viser."""
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    return picture[150:500, :360].astype(int)


def until(page, holds, seconds=60):
    """Wait for pixels of which something holds, and return whether it came to hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds(pixels(page)):
            return True
        page.wait_for_timeout(300)
    return False


def blue(picture) -> np.ndarray:
    """Which pixels have the colour of a surface."""
    return (picture[..., 2] - picture[..., 0]) > 20


def area(picture) -> int:
    return int(blue(picture).sum())


def is_drawn(picture) -> bool:
    return area(picture) > 100


def is_blank(picture) -> bool:
    return bool((picture > 245).all())


def is_red(picture) -> bool:
    """Whether there is the inside of a slice."""
    return bool(((picture[..., 0] - picture[..., 2]) > 60).sum() > 50)


def settled(page) -> np.ndarray:
    """The pixels once they stay as they are."""
    before = pixels(page)
    for _ in range(60):
        page.wait_for_timeout(500)
        now = pixels(page)
        if np.array_equal(now, before):
            break
        before = now
    return before


def click(control) -> None:
    """Click a control of the panel, wherever it is scrolled to."""
    control.first.evaluate("control => control.click()")


def seen_at(viewer, place) -> tuple[float, float]:
    """Where on the page a place of the only scene is seen, in pixels."""
    camera = next(iter(viewer.server.get_clients().values())).camera
    right, down, ahead = SO3(camera.wxyz).inverse() @ (place - camera.position)
    length = camera.image_height / 2 / np.tan(camera.fov / 2)
    return camera.image_width / 2 + length * right / ahead, camera.image_height / 2 + length * down / ahead


def drag(page, places) -> None:
    """Drag by the mouse from the first of some places over the others."""
    page.mouse.move(*places[0])
    page.wait_for_timeout(500)
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
        page.wait_for_timeout(500)
    page.mouse.up()


def drag_arrow(page, viewer, axis: int, by: float) -> None:
    """Drag the plane by its arrow."""
    middle = viewer.server.scene.get_handle_by_name("/0/handle").position + np.eye(3)[axis] * 0.2
    drag(page, [seen_at(viewer, middle + np.eye(3)[axis] * share * by) for share in (0.0, 0.5, 1.0)])


def test_a_layer_a_slice_and_a_dragged_plane(open_page, viewer, ball_scene, distance, tmp_path):
    viewer.show([Exhibit("ball", ball_scene, distance)])
    viewer.jobs.start()
    page = open_page(DESKTOP)
    assert until(page, is_drawn)
    click(page.get_by_label("surface", exact=True))
    assert until(page, is_blank)
    assert not viewer.panel.layers["surface"].value
    click(page.get_by_label("show the field"))
    assert until(page, is_red)
    assert viewer.panel.sliced.value
    press(page, "place", "End")
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


def test_the_slider_goes_back_in_time_and_the_plane_cuts(open_page, viewer, distance):
    ball = icosphere(3)
    now, before = Surface("surface", ball.vertices, ball.faces), Surface("surface", 0.4 * ball.vertices, ball.faces)
    viewer.show([Exhibit("ball", Scene([now], [(10, before)]), distance)])
    viewer.jobs.start()
    page = open_page(DESKTOP)
    assert until(page, is_drawn)
    whole = area(settled(page))
    press(page, "surface", "Home")
    assert until(page, lambda picture: 0 < area(picture) < 0.4 * whole)  # 0.16 of the disc
    page.get_by_text("after step 10").wait_for()
    press(page, "surface", "End")
    assert until(page, lambda picture: area(picture) > 0.95 * whole)
    page.get_by_text("the result").wait_for()
    click(page.get_by_label("cut the surfaces"))
    assert until(page, lambda picture: area(picture) != whole)
    press(page, "place", "Home")
    assert until(page, lambda picture: not is_drawn(picture))
    press(page, "place", "End")
    assert until(page, lambda picture: area(picture) > 0.95 * whole)


def test_runs_side_by_side_turn_together(open_page, viewer):
    ball = icosphere(3)
    stick = Scene([Surface("surface", ball.vertices * [1.0, 0.1, 0.1], ball.faces)])
    viewer.show([Exhibit("one", stick), Exhibit("two", stick)])
    viewer.jobs.start()
    page = open_page(DESKTOP)
    assert until(page, is_drawn)
    settled(page)
    before, places = _halves(page), _roots(viewer)
    drag(page, [(200, 320), (240, 320), (280, 320)])
    page.wait_for_timeout(1000)
    settled(page)
    after, turned = _halves(page), _roots(viewer)
    assert not np.allclose(turned, places, atol=0.05)  # the row follows the camera
    assert np.allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(places, axis=1))
    for old, new in zip(before, after):
        assert new > 0
        assert abs(new / old - 1) > 0.05  # a stick that is turned looks shorter or longer
    camera = next(iter(viewer.server.get_clients().values())).camera
    assert np.allclose(turned, row_places(2, camera.wxyz), atol=1e-6)


def _halves(page) -> tuple[int, int]:
    """Pixels of the scene to the left and of that to the right."""
    drawn = blue(pixels(page))
    return int(drawn[:, :185].sum()), int(drawn[:, 185:].sum())


def _roots(viewer) -> np.ndarray:
    return np.array([root.position for root in viewer._roots])


def test_a_phone_shows_the_scene_whole_and_the_panel_folded(open_page, viewer, ball_scene, distance):
    viewer.show([Exhibit("ball", ball_scene, distance)])
    viewer.jobs.start()
    page = open_page(PHONE)
    assert until(page, is_drawn)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    columns = np.flatnonzero(blue(settled(page)).any(axis=0))
    assert columns[0] > 0
    assert columns[-1] < 359  # the ball ends before the picture does

"""The viewer by its panel, without a browser: layers, colours, plane, steps, several scenes."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest

from diffshape.report.viewer.exhibit import Exhibit
from diffshape.report.viewer.row import row_places
from diffshape.report.viewer.viewer import DRAFT, FINE


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    """Pictures of a few pixels; their contents are tested with the slices."""
    monkeypatch.setattr("diffshape.report.viewer.viewer.FINE", DRAFT)


@pytest.fixture
def shown(viewer, ball_scene, distance):
    viewer.show([Exhibit("ball", ball_scene, distance)])
    viewer.settle()
    return viewer


def node(viewer, name):
    return viewer.server.scene.get_handle_by_name(name)


def test_layers_are_drawn_when_they_are_chosen(shown):
    assert node(shown, "/0/0") is None
    assert node(shown, "/0/1").visible
    shown.panel.layers["scan"].value = True
    shown.panel.layers["surface"].value = False
    shown.settle()
    assert not node(shown, "/0/1").visible
    points = node(shown, "/0/0").points
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 0.5, atol=1e-3)  # the longest side is 1 around 0


def test_colours_have_their_scale(shown):
    plain = node(shown, "/0/1").glb_data
    assert shown._seen_scale() is None
    shown.panel.surface_colors.value = "height"
    shown.settle()
    assert node(shown, "/0/1").glb_data != plain
    assert (shown._seen_scale().low, shown._seen_scale().high) == (-2.0, 2.0)
    assert shown.panel._surface_scale.visible
    assert "mm" in shown.panel._surface_scale.content
    assert type(shown.panel._surface_scale.content) is str  # what the server can send


def test_the_plane_cuts_and_shows_the_field(shown):
    whole = len(node(shown, "/0/1").glb_data)
    shown.panel.sliced.value = shown.panel.cut.value = True
    shown.panel.offset.value = 0.1
    shown.settle()
    picture = node(shown, "/0/slice")
    assert picture.position[0] == pytest.approx(0.1)
    assert shown.panel._plane_text.content == "x = 5.4"
    assert len(node(shown, "/0/1").glb_data) < whole
    shown.panel.offset.value = -0.6
    shown.settle()
    assert node(shown, "/0/1") is None  # nothing is left of it
    shown.panel.cut.value = shown.panel.sliced.value = False
    shown.settle()
    assert len(node(shown, "/0/1").glb_data) == whole
    assert not node(shown, "/0/slice").visible


def test_a_slice_is_fine_where_the_plane_stands(shown, monkeypatch):
    monkeypatch.setattr("diffshape.report.viewer.viewer.FINE", FINE)
    pixels = []
    monkeypatch.setattr(Exhibit, "_draw_slice", lambda self, node, look, size: pixels.append((look.plane.offset, size)))
    shown.panel.sliced.value = True
    shown.panel.offset.value = 0.1
    shown.settle()
    assert pixels == [(0.1, DRAFT), (0.1, FINE)]


def test_steps_show_the_surface_as_it_was(shown):
    result = node(shown, "/0/1").glb_data
    shown.panel.step.value = 0
    shown.settle()
    assert node(shown, "/0/1").glb_data != result
    assert shown.panel._step_text.content == "after step 10"
    shown.panel.step.value = 1
    shown.settle()
    assert node(shown, "/0/1").glb_data == result


def test_without_a_field_there_is_nothing_to_show_on_the_plane(viewer, ball_scene):
    viewer.show([Exhibit("ball", ball_scene)])
    assert not viewer.panel.sliced.visible
    viewer.panel.sliced.value = True
    viewer.settle()
    assert node(viewer, "/0/slice") is None


def test_scenes_stand_in_a_row_and_go_when_others_come(viewer, ball_scene, distance):
    viewer.show([Exhibit(name, ball_scene, distance) for name in ("one", "two")])
    viewer.panel.sliced.value = True
    viewer.settle()
    assert [node(viewer, f"/{number}/name").text for number in (0, 1)] == ["one", "two"]
    assert node(viewer, "/1/slice") is not None
    viewer.show([Exhibit("three", ball_scene)])
    viewer.settle()
    assert node(viewer, "/1") is None
    assert repr(viewer) == f"Viewer(three, at {viewer.address})"


def test_a_row_is_across_the_line_of_sight():
    half = np.sqrt(0.5)
    places = row_places(2, (half, 0, 0, half))  # a quarter turn about z: right is y
    np.testing.assert_allclose(places, [[0, -0.625, 0], [0, 0.625, 0]], atol=1e-12)


def test_a_screenshot_needs_a_browser(shown, tmp_path):
    with pytest.raises(ValueError, match=f"no browser is connected; open {shown.address}"):
        shown.screenshot(tmp_path / "a.png")


def test_waiting_ends_when_the_viewer_is_closed(shown):
    shown.close()
    shown.wait()
    assert "closed" in repr(shown)


def drag(viewer, name, place, phase):
    """Do what a browser does that drags an arrow, which it shows at its new place already."""
    arrow = node(viewer, name)
    arrow._impl.position = np.array(place)
    asyncio.run(arrow._impl_aux.update_cb[0](SimpleNamespace(phase=phase)))


def test_an_arrow_drags_the_plane_of_all_scenes(viewer, ball_scene, distance):
    viewer.show([Exhibit(name, ball_scene, distance) for name in ("one", "two")])
    first, second = (node(viewer, f"/{number}/handle") for number in (0, 1))
    assert not first.visible  # as the plane does nothing yet
    viewer.panel.cut.value = True
    assert first.visible
    assert first.active_axes == (True, False, False)
    drag(viewer, "/0/handle", [0.2033, 0.6, 0.6], "update")
    assert viewer.panel.offset.value == 0.205
    assert second.position[0] == 0.205
    assert first.position[0] == 0.2033  # as it is in a hand
    drag(viewer, "/0/handle", [0.9, 0.6, 0.6], "update")
    drag(viewer, "/0/handle", [0.9, 0.6, 0.6], "end")
    assert viewer.panel.offset.value == first.position[0] == second.position[0] == 0.6
    viewer.panel.axis.value = "z"
    viewer.panel.offset.value = -0.1
    assert first.active_axes == (False, False, True)
    assert first.position[2] == -0.1
    assert np.ptp(node(viewer, "/0/handle/outline").points[..., 2]) == 0  # the outline lies in the plane


def test_a_plane_that_is_dragged_asks_the_field_once_for_many_places_and_finely_at_the_end(shown, monkeypatch):
    monkeypatch.setattr("diffshape.report.viewer.viewer.FINE", FINE)
    drawn = []
    monkeypatch.setattr(Exhibit, "_draw_slice", lambda self, node, look, size: drawn.append((look.plane.offset, size)))
    shown.panel.sliced.value = True
    shown.settle()
    drawn.clear()
    for place in (0.1, 0.15, 0.2):
        drag(shown, "/0/handle", [place, 0.6, 0.6], "update")
    shown.settle()
    assert drawn == [(0.2, DRAFT)]
    drag(shown, "/0/handle", [0.2, 0.6, 0.6], "end")
    shown.settle()
    assert drawn[-1] == (0.2, FINE)


def browser(width, height):
    """A browser that has just connected, as far as the viewer asks it."""
    commands = []
    place = SimpleNamespace(minimize=lambda: commands.append("minimize"), dock_right=lambda: commands.append("dock"))
    camera = SimpleNamespace(
        image_width=width,
        image_height=height,
        aspect=width / height,
        position=np.zeros(3),
        wxyz=np.array([1.0, 0, 0, 0]),
        on_update=commands.append,
    )
    return SimpleNamespace(camera=camera, gui=SimpleNamespace(main_panel=place), commands=commands)


def test_the_folders_are_closed_on_a_phone_and_what_was_chosen_stays(shown):
    shown.panel.layers["scan"].value = True
    shown.panel.step.value = 0
    look = shown.panel.look
    for size, is_open in (((390, 844), False), ((1280, 800), True)):
        shown._welcome(browser(*size))
        assert {folder.expand_by_default for folder in shown.panel._folders} == {is_open}
        assert shown.panel.look == look


def test_a_camera_that_stands_as_at_first_is_put_where_its_browser_sees_all(shown):
    wide, narrow = browser(1280, 800), browser(390, 844)
    for each in (wide, narrow):
        shown._welcome(each)
    assert np.linalg.norm(narrow.camera.position) > np.linalg.norm(wide.camera.position) + 1
    placed = narrow.camera.position
    narrow.camera.position = shown.server.initial_camera.position
    shown._align(narrow.camera)
    np.testing.assert_array_equal(narrow.camera.position, placed)
    narrow.camera.position = 2 * placed  # where somebody put it
    shown._align(narrow.camera)
    np.testing.assert_array_equal(narrow.camera.position, 2 * placed)

import numpy as np
import pytest

from diffshape.data import icosphere
from diffshape.report.page.webgl import figure
from diffshape.report.page.webgl.figure import scene_figure
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface
from page_reader import PageReader, packed_scene, unpacked, unpacked_places

BALL = icosphere(3)
FAR = BALL.vertices * 40 + [1e5, 0, -3]


def scene(**changes):
    errors = Coloring(np.linspace(-1, 3, len(FAR)), 0.0, 2.0, palette="yellow-red")
    surface = Surface("surface", FAR, BALL.faces, {"error": errors})
    colors = np.arange(30, dtype=np.uint8).reshape(10, 3)
    return Scene([Points("<points>", FAR[:10], colors), surface], **changes)


def test_the_arrays_come_back_within_the_quantisation():
    manifest, content = packed_scene(scene_figure(scene()))
    points, surface = manifest["layers"]
    places = unpacked_places(content, surface["places"])
    side = np.ptp(FAR, axis=0).max()
    assert np.abs(places - FAR).max() <= side / (2**16 - 1) / 2 * 1.001
    assert (unpacked(content, surface["faces"], 4).reshape(-1, 3) == BALL.faces).all()
    colors = points["colors"]
    assert list(content[colors["at"] : colors["at"] + colors["count"]]) == list(range(30))


def test_numbers_keep_their_place_on_their_scale():
    values = np.array([0.0, 1.0, 2.0, -5.0, 9.0, np.nan])
    layer = Points("points", np.eye(3).repeat(2, 0), colorings={"error": Coloring(values, 0.0, 2.0, "mm")})
    manifest, content = packed_scene(scene_figure(Scene([layer])))
    (coloring,) = manifest["layers"][0]["colorings"]
    assert list(content[coloring["at"] :][:6]) == [0, 127, 254, 0, 254, 255]
    assert (coloring["unit"], coloring["high"]) == ("mm", 2.0)


def test_palettes_have_nine_colors():
    manifest, _ = packed_scene(scene_figure(scene()))
    assert manifest["palettes"].keys() == {"viridis", "yellow-red"}
    assert manifest["palettes"]["viridis"][0] == "#440154"
    assert {len(colors) for colors in manifest["palettes"].values()} == {9}


def test_the_frame_is_a_ball_around_the_surfaces():
    manifest, _ = packed_scene(scene_figure(scene()))
    assert manifest["frame"]["center"] == pytest.approx([1e5, 0, -3], abs=0.5)
    assert manifest["frame"]["radius"] == pytest.approx(20 * np.sqrt(3), rel=0.03)


def test_captions_are_escaped_and_the_picture_is_there():
    page = scene_figure(scene(), b"png", alt='<script>"')
    reader = PageReader(page)
    assert ("alt", '<script>"') in reader.attributes
    assert packed_scene(page)[0]["layers"][0]["name"] == "<points>"
    assert "<points>" not in page
    assert reader.tags.count("script") == 2
    assert "noscript" in reader.tags


def test_surfaces_along_the_way_come_with_their_steps():
    early = Surface("surface", BALL.vertices, BALL.faces)
    manifest, content = packed_scene(scene_figure(scene(along_the_way=[(50, early), (100, early)])))
    assert [step["step"] for step in manifest["steps"]] == [50, 100]
    places = unpacked_places(content, manifest["steps"][1]["layer"]["places"])
    assert np.allclose(places, BALL.vertices, atol=2e-5)


def test_an_empty_layer_and_an_empty_scene_are_pages_too():
    empty = Surface("surface", np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    assert packed_scene(scene_figure(Scene([empty])))[0]["layers"] == []


def test_100_000_triangles_stay_under_their_size_and_what_is_larger_is_thinned(monkeypatch):
    ball = icosphere(6)  # 81,920 triangles
    rough = ball.vertices + np.random.default_rng(0).normal(scale=1e-3, size=ball.vertices.shape)
    errors = {"error": Coloring(np.random.default_rng(1).random(len(rough)), 0.0, 1.0)}
    page = scene_figure(Scene([Surface("surface", rough, ball.faces, errors)]))
    assert len(page) < 1.2e6
    assert "turns smoothly" not in page
    monkeypatch.setattr(figure, "MOST_FACES", 40_000)
    thinned = scene_figure(Scene([Surface("surface", rough, ball.faces, errors)]))
    assert "of 81,920 triangles are shown" in thinned
    assert len(thinned) < len(page) / 1.5

"""A scene on paper: what is shown, in which colours, and in which file."""

import numpy as np
import pytest
from PIL import Image

from diffshape.data import icosphere
from diffshape.report import preview
from diffshape.report.pictures.palettes import BAR_WIDTH
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface
from diffshape.report.scene.picture import write_picture

BALL = icosphere(2)
HEIGHTS = Coloring(BALL.vertices[:, 2], -0.5, 0.5, "mm")
SURFACE = Surface("ball", *BALL, {"height": HEIGHTS})
CLOUD = Points("scan", BALL.vertices)


def drawn(tmp_path, *layers, up="z", **options):
    write_picture(Scene(layers, up=up), tmp_path / "a.png", size=80, **options)
    return np.asarray(Image.open(tmp_path / "a.png"))


def test_it_is_the_preview_of_what_is_shown(tmp_path):
    for up in ("z", "-x"):
        both = drawn(tmp_path, CLOUD, SURFACE, Surface("hidden", 3 * BALL.vertices, BALL.faces, shown=False), up=up)
        assert np.array_equal(both, preview(*BALL, BALL.vertices, size=80, up=up))
    assert np.array_equal(drawn(tmp_path, CLOUD), preview([], [], BALL.vertices, size=80)[:, :80])


def test_surfaces_are_drawn_together(tmp_path):
    aside = BALL.vertices + np.array([2.0, 0, 0])
    pair = drawn(tmp_path, SURFACE, Surface("other", aside, BALL.faces))
    vertices, faces = np.concatenate([BALL.vertices, aside]), np.concatenate([BALL.faces, BALL.faces + len(aside)])
    assert np.array_equal(pair, preview(vertices, faces, size=80))


def test_numbers_and_own_colors_are_seen(tmp_path):
    red = np.full((len(BALL.vertices), 3), [200, 20, 20], np.uint8)
    assert np.array_equal(drawn(tmp_path, Surface("red", *BALL, colors=red)), preview(*BALL, colors=red, size=80))
    colored = drawn(tmp_path, SURFACE, coloring="height")
    assert colored.shape == (80, 80 + BAR_WIDTH, 3)
    above, below = colored[20, 40].astype(int), colored[60, 40].astype(int)
    assert above[0] > above[2]  # yellow
    assert below[2] > below[0]  # violet
    assert np.array_equal(drawn(tmp_path, SURFACE, coloring="absent"), preview(*BALL, size=80))


def test_a_film_turns_with_its_bar(tmp_path):
    write_picture(Scene([SURFACE]), tmp_path / "a.gif", coloring="height", size=80)
    with Image.open(tmp_path / "a.gif") as film:
        assert film.size == (80 + BAR_WIDTH, 80)
        assert film.n_frames > 1


def test_nothing_to_show_and_another_ending_are_refused(tmp_path):
    with pytest.raises(ValueError, match="must have a layer that is shown"):
        write_picture(Scene([]), tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"write_picture: path must end in .gif or .mp4"):
        write_picture(Scene([SURFACE]), tmp_path / "a.jpg")

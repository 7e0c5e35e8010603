"""What a panel chooses, and the colours that follow from it."""

from dataclasses import replace

import numpy as np

from diffshape.report.scene.layers import Coloring, Points, Scene, Surface
from diffshape.report.viewer.look import OWN, PLAIN, color_choices, common_scales, first_look, layer_colors


def points(**options) -> Points:
    return Points("scan", np.zeros((3, 3)), **options)


def test_the_first_look_is_what_the_scenes_show(ball_scene):
    look = first_look([ball_scene])
    assert (look.shown, look.plane.axis, look.step) == (frozenset({"surface"}), "x", None)
    assert first_look([replace(ball_scene, up="y")]).plane.axis == "z"


def test_own_colours_come_first_where_there_are_any():
    colored = Scene([points(colors=np.full((3, 3), 9, np.uint8))])
    look = first_look([colored])
    assert (look.point_colors, look.surface_colors) == (OWN, PLAIN)


def test_one_colour_is_one_number_in_all_layers():
    first, second = Coloring(np.zeros(3), 0.0, 1.0), Coloring(np.ones(3), -1.0, 0.5)
    layers = [points(colorings={"error": first}), points(colorings={"error": second})]
    scale = common_scales(layers)["error"]
    assert (scale.low, scale.high) == (-1.0, 1.0)
    assert color_choices(layers) == [PLAIN, "error"]
    zeros, ones = (layer_colors(layer, "error", scale, 0) for layer in layers)
    assert (zeros[0] != ones[0]).any()
    assert (ones[0] == [253, 231, 37]).all()  # the end of viridis


def test_a_layer_without_that_number_is_plain_and_told_from_its_neighbour():
    flat = [layer_colors(points(), "error", Coloring(np.zeros(3), 0, 1), number) for number in (0, 1)]
    assert (flat[0] == flat[0][0]).all()
    assert (flat[0] != flat[1]).any()
    empty = Surface("none", np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    assert layer_colors(empty, PLAIN, None, 0).shape == (0, 3)

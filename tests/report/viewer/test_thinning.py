"""Large layers with fewer points and faces."""

import numpy as np

from diffshape.data import icosphere
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface
from diffshape.report.viewer.thinning import thinned


def test_what_is_small_enough_stays_as_it_is(ball_scene):
    scene, notes = thinned(ball_scene)
    assert notes == []
    assert all(after is before for after, before in zip(scene.layers, ball_scene.layers))


def test_points_keep_their_numbers():
    points = np.random.default_rng(0).normal(size=(500, 3))
    layer = Points("scan", points, np.tile(np.arange(500) % 256, (3, 1)).T.astype(np.uint8), {"x": _scale(points)})
    scene, notes = thinned(Scene([layer]), points=100)
    (after,) = scene.layers
    assert len(after.points) == len(after.colors) == 100
    np.testing.assert_array_equal(after.colorings["x"].values, after.points[:, 0])
    assert notes == ["scan: 100 of 500 points are shown, so that it turns smoothly"]


def test_a_surface_stays_one_as_round_as_before():
    ball = icosphere(5)
    layer = Surface("ball", ball.vertices, ball.faces, {"x": _scale(ball.vertices)})
    scene, notes = thinned(Scene([layer], [(5, layer)]), faces=2000)
    (after,) = scene.layers
    assert 1000 < len(after.faces) <= 2000
    assert len(scene.along_the_way[0][1].faces) == len(after.faces)
    np.testing.assert_array_equal(after.colorings["x"].values, after.vertices[:, 0])
    middles = after.vertices[after.faces].mean(axis=1)
    assert np.linalg.norm(middles, axis=1).min() > 0.48
    assert "of 20,480 faces" in notes[0]


def _scale(places):
    return Coloring(places[:, 0], -1.0, 1.0)

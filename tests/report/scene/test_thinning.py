import numpy as np
import pytest
import trimesh

from diffshape.data import icosphere
from diffshape.report.distances import distances_to
from diffshape.report.scene.layers import Coloring, Points, Scene, Surface
from diffshape.report.scene.thinning import thinned, thinned_scene

BALL = icosphere(5)


def test_a_small_layer_stays_itself():
    surface, points = Surface("ball", *BALL), Points("points", BALL.vertices)
    assert thinned(surface, len(BALL.faces)) is surface
    assert thinned(points, len(BALL.vertices)) is points


def test_a_thinned_surface_is_near_the_surface_with_the_numbers_of_its_vertices():
    heights = Coloring(BALL.vertices[:, 2], -1.0, 1.0)
    small = thinned(Surface("ball", *BALL, {"height": heights}), 4000)
    assert isinstance(small, Surface)
    assert 3000 < len(small.faces) <= 4000
    numbers = small.colorings["height"].values
    assert np.isin(numbers, BALL.vertices[:, 2]).all()
    np.testing.assert_allclose(numbers, small.vertices[:, 2], atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(small.vertices, axis=1), 0.5, atol=1e-3)
    centers = small.vertices[small.faces].mean(axis=1)
    assert distances_to(BALL, centers).max() < 0.005


@pytest.mark.parametrize("most", [200, 1000, 5000])
def test_edges_and_corners_stay_where_they_are(most):
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    cube = trimesh.creation.box(bounds=[[0, 0, 0], [1, 1, 1]])
    for _ in range(5):
        cube = cube.subdivide()
    small = thinned(Surface("cube", cube.vertices @ turn, np.asarray(cube.faces)), most)
    assert isinstance(small, Surface)
    places = small.vertices @ turn.T
    np.testing.assert_allclose(np.abs(places - 0.5).max(axis=1), 0.5, atol=1e-9)
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    np.testing.assert_allclose(np.linalg.norm(places[:, None] - corners, axis=2).min(axis=0), 0, atol=1e-9)
    first, second, third = (places[corner] for corner in small.faces.T)
    assert abs(np.sum(first * np.cross(second, third)) / 6 - 1) < 1e-9


def test_points_are_drawn_with_their_colors_and_numbers():
    points = np.arange(300.0).reshape(100, 3)
    colors = np.arange(100, dtype=np.uint8)[:, None].repeat(3, 1)
    small = thinned(Points("points", points, colors, {"x": Coloring(points[:, 0], 0.0, 1.0)}), 40)
    assert isinstance(small, Points)
    assert len(small.points) == 40
    assert (small.colorings["x"].values == small.points[:, 0]).all()
    assert small.colors is not None
    assert (small.colors[:, 0] * 3.0 == small.points[:, 0]).all()


def test_a_scene_is_thinned_layer_by_layer_and_says_so():
    points, ball = Points("scan", BALL.vertices), Surface("ball", *BALL)
    scene, notes = thinned_scene(Scene([points, ball], [(5, ball)]), points=100, faces=10**6, faces_on_the_way=2000)
    assert scene.layers[1] is ball
    assert 1000 < len(scene.along_the_way[0][1].faces) <= 2000
    assert notes == [f"scan: 100 of {len(BALL.vertices):,} points are shown, so that it turns smoothly"]

import numpy as np
import pytest

from diffshape.fitting.surface.bodies import supported_bodies

TRIANGLE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])


def triangles(*offsets):
    vertices = np.concatenate([TRIANGLE + offset for offset in offsets])
    return vertices, np.arange(len(vertices)).reshape(-1, 3)


def test_an_island_without_points_is_dropped_and_indices_are_renumbered():
    vertices, faces = supported_bodies(*triangles(-9, 0, 9), np.concatenate([TRIANGLE, TRIANGLE + 9]), 0.005)
    np.testing.assert_array_equal(vertices, np.concatenate([TRIANGLE, TRIANGLE + 9]))
    assert faces.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(("count", "kept"), [(4, 1), (5, 2)])
def test_a_body_needs_half_a_percent_of_the_points_of_the_best_supported_one(count, kept):
    points = np.concatenate([np.tile(TRIANGLE[:1], (1000, 1)), np.tile(TRIANGLE[:1] + 9, (count, 1))])
    assert len(supported_bodies(*triangles(0, 9), points, 0.005)[1]) == kept


@pytest.mark.parametrize(("count", "kept"), [(0, 1), (1, 2)])
def test_without_a_share_one_point_is_enough(count, kept):
    points = np.concatenate([np.tile(TRIANGLE[:1], (1000, 1)), np.tile(TRIANGLE[:1] + 9, (count, 1))])
    assert len(supported_bodies(*triangles(0, 9), points, 0.0)[1]) == kept


def test_a_crowd_of_equal_bodies_is_kept():
    offsets = 5.0 * np.arange(300)
    vertices, faces = triangles(*offsets)
    assert len(supported_bodies(vertices, faces, vertices, 0.005)[1]) == 300


def test_unused_vertices_are_dropped():
    vertices, faces = supported_bodies(
        np.concatenate([[[50.0, 0, 0]], TRIANGLE]), np.array([[1, 2, 3]]), TRIANGLE, 0.005
    )
    np.testing.assert_array_equal(vertices, TRIANGLE)
    assert faces.tolist() == [[0, 1, 2]]


def test_an_unused_vertex_supports_nothing():
    """The point's nearest vertex belongs to no face; the nearest that does decides."""
    vertices = np.concatenate([TRIANGLE + 9, TRIANGLE, [[0.0, 0, 1]]])
    kept, _ = supported_bodies(vertices, np.array([[0, 1, 2], [3, 4, 5]]), np.array([[0.0, 0, 1.1]]), 0.005)
    np.testing.assert_array_equal(kept, TRIANGLE)


def test_an_empty_mesh_stays_empty():
    vertices, faces = supported_bodies(np.zeros((0, 3)), np.zeros((0, 3), np.int64), TRIANGLE, 0.005)
    assert vertices.shape == faces.shape == (0, 3)

"""Polygons as triangles: right areas where fans are wrong, and strips."""

import numpy as np
import pytest

from diffshape.data.formats.meshes.polygons import Polygons, strip_triangles


def one_polygon(vertices):
    vertices = np.asarray(vertices, np.float64)
    if vertices.shape[1] == 2:
        vertices = np.column_stack([vertices, np.zeros(len(vertices))])
    return Polygons(vertices, np.array([len(vertices)]), np.arange(len(vertices)))


def areas_along(polygons, normal):
    a, b, c = polygons.vertices[polygons.triangles()].swapaxes(0, 1)
    return np.cross(b - a, c - a) @ normal / 2


def test_fans_of_mixed_polygons():
    corners = np.array([0, 1, 2, 3, 4, 5, 6, 0, 1, 0, 2, 4, 6, 1])
    polygons = Polygons(np.zeros((7, 3)), np.array([3, 4, 2, 5]), corners)
    assert polygons.triangles().tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6], [0, 2, 4], [0, 4, 6], [0, 6, 1]]


CONCAVE = {
    "L": ([(2, 1), (1, 1), (1, 2), (0, 2), (0, 0), (2, 0)], 3.0),
    "arrow": ([(0, 0), (2, 1), (0, 2), (0.5, 1)], 1.5),
    "comb": (
        [(0, 0), (7, 0), (7, 3), (6, 3), (6, 1), (5, 1), (5, 3), (3, 3), (3, 1), (2, 1), (2, 3), (0, 3)],
        15.0 + 2,
    ),
    "ring with a bridge": (
        [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (1, 1), (1, 3), (3, 3), (3, 1), (1, 1)],
        12.0,
    ),
    "corners in line": ([(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 1)], 3.0),
}


@pytest.mark.parametrize("name", CONCAVE)
@pytest.mark.parametrize("first", [0, 1, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_concave_polygons_are_cut_inside(name, first, turned):
    corners, area = CONCAVE[name]
    corners = np.roll(np.array(corners, np.float64), first, axis=0)
    normal = np.array([0, 0, np.sign(shoelace(corners))])
    if turned:
        corners, normal = corners[::-1], -normal
    areas = areas_along(one_polygon(corners), normal)
    assert len(areas) == len(corners) - 2
    assert areas.min() >= 0
    assert areas.sum() == pytest.approx(abs(shoelace(corners)))
    assert areas.sum() == pytest.approx(area)


def shoelace(corners):
    x, y = corners.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


@pytest.mark.parametrize("count", [5, 12, 60])
def test_jagged_polygons_in_any_plane(count):
    """Radii at random around a centre, far from the origin, in a plane at random."""
    rng = np.random.default_rng(count)
    for _ in range(20):
        angle = (np.arange(count) + rng.uniform(0, 0.9, count)) * 2 * np.pi / count
        radius = rng.uniform(0.1, 1, count)
        flat = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        plane, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        normal = np.cross(plane[0], plane[1])
        areas = areas_along(one_polygon(flat @ plane[:2] + 100), normal)
        assert areas.min() > -1e-12
        assert areas.sum() == pytest.approx(shoelace(flat))


def test_many_polygons_at_once_keep_their_order():
    corners, _ = CONCAVE["comb"]
    vertices = np.column_stack([np.array(corners, np.float64), np.zeros(len(corners))])
    faces = [[0, 1, 2], list(range(12)), [0, 1, 2, 11], list(range(12)), [3, 4]]
    polygons = Polygons(vertices, np.array([len(face) for face in faces]), np.concatenate(faces))
    triangles = polygons.triangles().tolist()
    assert triangles[0] == [0, 1, 2]
    assert triangles[1:11] == triangles[13:23]
    assert triangles[11:13] == [[0, 1, 2], [0, 2, 11]]
    assert len(triangles) == 23


def test_a_polygon_that_crosses_itself_is_cut_somehow():
    triangles = one_polygon([(0, 0), (4, 0), (1, 3), (2, -1), (3, 3)]).triangles()
    assert triangles.shape == (3, 3)


def test_too_many_corners_and_missing_vertices_are_refused():
    zigzag = [(i, (i % 2) + 5.0) for i in range(10_000)] + [(10_000, 0), (0, 0)]
    with pytest.raises(ValueError, match="is not convex has 10,002 corners; triangulate it"):
        one_polygon(zigzag).triangles()
    with pytest.raises(ValueError, match="faces name vertex 7 of 3"):
        Polygons(np.eye(3), np.array([3]), np.array([0, 1, 7])).triangles()


def test_strips():
    assert strip_triangles(np.array([5]), np.array([0, 1, 2, 3, 4])).tolist() == [[0, 1, 2], [2, 1, 3], [2, 3, 4]]
    two = strip_triangles(np.array([8, 3]), np.array([0, 1, 2, -1, 3, 4, 5, 6, 7, 8, 9]))
    assert two.tolist() == [[0, 1, 2], [3, 4, 5], [5, 4, 6], [7, 8, 9]]
    assert strip_triangles(np.array([5]), np.array([0, 1, 1, 2, 3])).tolist() == [[1, 2, 3]]
    assert strip_triangles(np.array([0, 2]), np.array([0, 1])).shape == (0, 3)
    assert strip_triangles(np.empty(0, int), np.empty(0, int)).shape == (0, 3)


def test_its_repr_is_short():
    assert repr(one_polygon(CONCAVE["L"][0])) == "Polygons(6 vertices, 1 polygons)"

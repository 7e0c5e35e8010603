import numpy as np
import pytest
import trimesh

from diffshape.data import Mesh, icosphere
from diffshape.fitting.surface.clipping import clipped

SPHERE = Mesh(2 * icosphere(4).vertices, icosphere(4).faces)


def solid(vertices, faces):
    return trimesh.Trimesh(vertices, faces, process=False)


@pytest.mark.parametrize("height", [-0.63, 0.0123, 0.5])
def test_a_sphere_cut_at_a_height_keeps_the_cap_below(height):
    vertices, faces = clipped(*SPHERE, SPHERE.vertices[:, 2] - height)
    cap = solid(vertices, faces)
    assert cap.area == pytest.approx(2 * np.pi * (1 + height), rel=0.005)
    assert cap.euler_number == 1
    assert vertices[:, 2].max() == pytest.approx(height, abs=1e-12)
    rim = np.unique(cap.edges_sorted[trimesh.grouping.group_rows(cap.edges_sorted, require_count=1)])
    np.testing.assert_allclose(vertices[rim, 2], height, atol=1e-12)  # a line, no teeth
    assert (cap.triangles_center * cap.face_normals).sum(axis=1).min() > 0.9  # wound as before
    assert len(np.unique(faces)) == len(vertices)


def test_what_lies_on_one_side_stays_or_goes():
    vertices, faces = clipped(*SPHERE, np.full(len(SPHERE.vertices), -1.0))
    np.testing.assert_array_equal(vertices, SPHERE.vertices)
    np.testing.assert_array_equal(faces, SPHERE.faces)
    for mesh in (
        clipped(*SPHERE, np.ones(len(SPHERE.vertices))),
        clipped(np.zeros((0, 3)), SPHERE.faces[:0], np.zeros(0)),
    ):
        assert [part.shape for part in mesh] == [(0, 3), (0, 3)]


@pytest.mark.parametrize(
    ("values", "area"), [((-1, -1, 1), 0.375), ((1, 1, -1), 0.125), ((0, 0, 1), 0.0), ((-1, 1, 3), 0.0625)]
)
def test_a_triangle_is_cut_where_the_values_are_0(values, area):
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    for turn in range(3):
        faces = np.roll([[0, 1, 2]], turn, axis=1)
        assert solid(*clipped(triangle, faces, np.array(values, float))).area == pytest.approx(area)

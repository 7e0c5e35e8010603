import numpy as np
import pytest

from diffshape.report.pictures.surfels import surfels


def test_triangles_lie_across_their_normals_and_are_seen_from_where_these_point():
    generator = np.random.default_rng(0)
    points, normals = generator.normal(size=(2, 40, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    vertices, faces = surfels(points, normals, 0.3)
    corners = vertices[faces]
    np.testing.assert_allclose(corners.mean(axis=1), points, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(corners - points[:, None], axis=2), 0.3)
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 3 * np.sqrt(3) / 4 * 0.3**2
    np.testing.assert_allclose(crosses, 2 * area * normals, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1])
def test_few_points_are_few_triangles(count):
    vertices, faces = surfels(np.zeros((count, 3)), np.ones((count, 3)), 1.0)
    assert vertices.shape == (3 * count, 3)
    assert faces.shape == (count, 3)

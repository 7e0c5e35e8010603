"""Templates are closed, consistent, outward and as large as they say."""

import numpy as np
import pytest
import trimesh

from diffshape.data import box_mesh, icosphere, torus_mesh

TEMPLATES = {
    "icosahedron": (icosphere(0), 12, 20, 2),
    "sphere": (icosphere(3), 642, 1280, 2),
    "small torus": (torus_mesh(3, 3), 9, 18, 0),
    "torus": (torus_mesh(20, 11), 220, 440, 0),
    "coarse box": (box_mesh(1), 8, 12, 2),
    "box": (box_mesh(5, sides=(1, 2, 0.5)), 152, 300, 2),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_closed_consistent_outward_and_counted(name):
    mesh, vertices, faces, euler = TEMPLATES[name]
    assert mesh.vertices.shape == (vertices, 3)
    assert mesh.faces.shape == (faces, 3)
    assert (mesh.vertices.dtype, mesh.faces.dtype) == (np.float64, np.int64)
    directed = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    assert len(np.unique(directed, axis=0)) == len(directed)  # no edge twice the same way
    assert {tuple(edge) for edge in directed} == {tuple(edge) for edge in directed[:, ::-1]}  # each both ways
    assert np.array_equal(np.unique(mesh.faces), np.arange(vertices))
    assert len(np.unique(mesh.vertices.round(9), axis=0)) == vertices
    assert vertices - len(directed) // 2 + faces == euler
    solid = trimesh.Trimesh(*mesh, process=False)
    assert solid.volume > 0
    assert solid.area_faces.min() > 0
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), 0, atol=1e-12)


def test_sizes_and_volumes():
    sphere = icosphere(4, radius=2.0)
    np.testing.assert_allclose(np.linalg.norm(sphere.vertices, axis=1), 2)
    assert trimesh.Trimesh(*sphere, process=False).volume == pytest.approx(4 / 3 * np.pi * 8, rel=0.01)
    assert np.ptp(icosphere(2).vertices, axis=0).max() == pytest.approx(1)
    torus = torus_mesh(128, 64)
    assert trimesh.Trimesh(*torus, process=False).volume == pytest.approx(2 * np.pi**2 * 0.35 * 0.15**2, rel=0.01)
    assert np.ptp(torus.vertices, axis=0) == pytest.approx([1, 1, 0.3])
    box = box_mesh(3, sides=(1, 2, 0.5))
    assert trimesh.Trimesh(*box, process=False).volume == pytest.approx(1)
    assert np.ptp(box.vertices, axis=0) == pytest.approx([1, 2, 0.5])


def test_triangles_of_a_sphere_are_nearly_equal():
    areas = trimesh.Trimesh(*icosphere(3), process=False).area_faces
    assert areas.max() / areas.min() < 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: icosphere(-1), "icosphere: subdivisions must be at least 0, got -1"),
        (lambda: icosphere(1, radius=0.0), "icosphere: radius must be a positive number, got 0.0"),
        (lambda: torus_mesh(2, 9), "torus_mesh: ring_segments must be at least 3, got 2"),
        (lambda: torus_mesh(tube_radius=-1.0), "torus_mesh: tube_radius must be a positive number"),
        (lambda: torus_mesh(ring_radius=0.1), "torus_mesh: ring_radius must exceed tube_radius 0.15, got 0.1"),
        (lambda: box_mesh(0), "box_mesh: segments must be at least 1, got 0"),
        (lambda: box_mesh(2, sides=(1.0, 0.0, 1.0)), "box_mesh: sides must be three positive lengths"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()

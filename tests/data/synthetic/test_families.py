import numpy as np
import pytest
import trimesh

from diffshape.data import ShapeFamily, shape_family

NAMES = ("ellipsoid", "box", "rounded_box", "torus")


def one(name, *parameters):
    return ShapeFamily(name, np.array([parameters], float))


@pytest.mark.parametrize("name", NAMES)
def test_the_three_representations_are_of_one_shape(name):
    shapes = shape_family(name, 3, seed=2)
    vertices, faces = shapes.meshes(4)
    for mesh, points, voxels in zip(vertices, shapes.points(500), shapes.voxels(64)):
        solid = trimesh.Trimesh(mesh, faces, process=False)
        assert solid.is_watertight
        assert solid.volume == pytest.approx(
            voxels.mean(), rel=0.07 if name == "box" else 0.02
        )  # its edges are cut off
        assert (points >= mesh.min(0) - 1e-6).all()
        assert (points <= mesh.max(0) + 1e-6).all()


def test_volumes_are_known():
    half = 0.2, 0.3, 0.4
    assert one("box", *half, np.inf).voxels(40).mean() == pytest.approx(0.4 * 0.6 * 0.8, rel=0.01)
    assert one("ellipsoid", *half, 2).voxels(40).mean() == pytest.approx(4 / 3 * np.pi * 0.024, rel=0.01)
    assert one("torus", 0.3, 0.1).voxels(120).mean() == pytest.approx(2 * np.pi**2 * 0.3 * 0.01, rel=0.01)


def test_vertices_lie_on_the_surface():
    half = np.array([0.2, 0.3, 0.4])
    ellipsoid = one("ellipsoid", *half, 2).meshes(2)[0][0] / half
    np.testing.assert_allclose(np.linalg.norm(ellipsoid, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.abs(one("box", *half, np.inf).meshes(2)[0][0] / half).max(1), 1, rtol=1e-5)


def test_points_of_a_box_lie_on_its_sharp_sides():
    points = one("box", 0.2, 0.3, 0.4, np.inf).points(500)[0] / (0.2, 0.3, 0.4)
    np.testing.assert_allclose(np.abs(points).max(1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_fit_the_unit_cube_and_a_seed_repeats_them(name):
    shapes = shape_family(name, 20, seed=4)
    vertices, _ = shapes.meshes(2)
    assert np.abs(vertices).max() <= 0.5 + 1e-6
    assert len(shapes) == 20
    np.testing.assert_array_equal(shape_family(name, 20, seed=4).points(9, seed=1), shapes.points(9, seed=1))
    assert (shape_family(name, 20, seed=5).parameters != shapes.parameters).any()


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="name must be one of 'ellipsoid', 'box', 'rounded_box', 'torus', got 'chair'"):
        shape_family("chair", 1)
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        shape_family("box", 0)
    with pytest.raises(ValueError, match="resolution must be at least 1, got 0"):
        shape_family("box", 1).voxels(0)

import pytest
import trimesh

from diffshape.data import SignedDistance, draw_meshes, draw_shapes


@pytest.mark.parametrize("family", ["chair", "plane"])
def test_meshes_are_closed_and_of_the_shapes_of_the_same_seed(family):
    shapes = draw_shapes(family, 2, seed=3, points=500)
    for mesh, points, places, inside in zip(
        draw_meshes(family, 2, seed=3), shapes.points, shapes.volume_points, shapes.occupancies
    ):
        solid = trimesh.Trimesh(*mesh, process=False)
        assert solid.is_watertight
        assert solid.volume > 0
        exact = SignedDistance(mesh)
        distances = exact.frame.distances_from_unit(exact(exact.frame.to_unit(points)))
        assert distances.abs().max() < 1 / 95  # a cell
        distances = exact.frame.distances_from_unit(exact(exact.frame.to_unit(places)))
        clear = distances.abs() > 1 / 95
        assert ((distances < 0) == inside)[clear].all()


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="draw_meshes: resolution must be at least 8, got 7"):
        draw_meshes("chair", 1, resolution=7)
    with pytest.raises(ValueError, match="draw_meshes: count must be at least 1, got 0"):
        draw_meshes("chair", 0)

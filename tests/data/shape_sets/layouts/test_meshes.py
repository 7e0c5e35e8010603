import numpy as np
import pytest
import torch

from diffshape.data import ReadError, box_mesh, icosphere, read_shapes, write_mesh

BALL, BOX = icosphere(3), box_mesh(1, sides=(4.0, 2.0, 2.0))
SIZES = {"points": 2000, "volume_points": 2000, "near_points": 1000}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "round").mkdir()
    write_mesh(tmp_path / "box.obj", BOX.vertices + np.array([5, 0, 0]), BOX.faces)
    write_mesh(tmp_path / "round" / "ball.stl", BALL.vertices * 30, BALL.faces)
    return tmp_path


def box_distances(points):
    """Signed distances of the box with half sides 1/2, 1/4, 1/4."""
    beyond = points.abs() - torch.tensor([0.5, 0.25, 0.25])
    return beyond.clamp(min=0).norm(dim=-1) + beyond.amax(-1).clamp(max=0)


def test_each_mesh_is_placed_by_its_own_box_and_known_exactly(folder):
    shapes = read_shapes(folder, resolution=8, **SIZES)
    assert shapes.names == ("box", "round/ball")
    assert shapes.notes == ()
    assert box_distances(shapes.points[0]).abs().max() < 1e-6
    assert torch.equal(shapes.occupancies[0], box_distances(shapes.volume_points[0]) < 0)
    assert torch.allclose(shapes.near_distances[0], box_distances(shapes.near_points[0]), atol=1e-6)
    assert torch.equal(shapes.near_occupancies, shapes.near_distances < 0)
    assert [axis.unique().tolist() for axis in shapes.voxels[0].nonzero().T] == [
        [*range(8)],
        [2, 3, 4, 5],
        [2, 3, 4, 5],
    ]
    radii = shapes.points[1].norm(dim=-1)
    assert (radii.min() > 0.49, radii.max() < 0.5 + 1e-6) == (True, True)
    assert (shapes.normals[1] * shapes.points[1]).sum(-1).min() > 0.48
    assert 0.5 < shapes.volume_points.abs().max() <= 0.55


def test_surface_points_are_even_in_area(folder):
    on_ends = read_shapes(folder, **SIZES).points[0][:, 0].abs() > 0.5 - 1e-6
    assert abs(on_ends.float().mean() - 0.2) < 0.04  # 8 of 40, more than four standard errors


def test_points_where_bodies_overlap_are_left_out(tmp_path):
    second = BOX.vertices + np.array([2, 0, 0])  # together a box of sides 6, 2, 2
    write_mesh(tmp_path / "a.ply", np.concatenate([BOX.vertices, second]), np.concatenate([BOX.faces, BOX.faces + 8]))
    points = read_shapes(tmp_path, **SIZES).points[0].abs()
    beyond = points - torch.tensor([0.5, 1 / 6, 1 / 6])
    assert beyond.amax(-1).abs().max() < 1e-6


def test_open_meshes_are_read_with_a_note(tmp_path):
    write_mesh(tmp_path / "a.ply", BALL.vertices, BALL.faces[:-20])
    assert "a: " in (note := read_shapes(tmp_path, **SIZES).notes[0])
    assert "edges have one face" in note


def test_meshes_of_one_name_are_told_apart_by_suffix(tmp_path):
    for name in ("a.obj", "a.ply", "b.ply"):
        write_mesh(tmp_path / name, BALL)
    assert read_shapes(tmp_path, **SIZES).names == ("a.obj", "a.ply", "b")


def test_parts_that_are_not_wanted_are_not_made(folder):
    shapes = read_shapes(folder, points=None, volume_points=4, near_points=None)
    assert list(shapes.parts()) == ["volume_points", "occupancies"]


def test_all_that_cannot_be_used_are_named(folder):
    (folder / "a.obj").write_text("v 0 0 0\nv 1 0 0\n")
    (folder / "z.ply").write_bytes((folder / "box.obj").read_bytes())
    write_mesh(folder / "flat.off", np.zeros((3, 3)), [[0, 1, 2]])
    with pytest.raises(
        ReadError, match=r"3 of 5 .*a.obj: .*no faces.*; .*flat.off: .*no extent.*; .*z.ply: "
    ) as caught:
        read_shapes(folder, **SIZES)
    assert "\n" not in str(caught.value)

import numpy as np
import pytest

from diffshape.data import ReadError, icosphere, read_shapes, write_mesh, write_points

CLOUDS = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 30, 3))


@pytest.fixture
def folder(tmp_path):
    for name, points in zip(("03001627/b", "03001627/a", "02691156/a"), CLOUDS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_points(tmp_path / f"{name}.ply", points)
    return tmp_path


def test_clouds_are_read_by_class_as_they_are(folder):
    shapes = read_shapes(folder, points=30)
    assert shapes.names == ("02691156/a", "03001627/a", "03001627/b")
    assert list(shapes.parts()) == ["points"]
    assert np.allclose(shapes.points, CLOUDS[::-1])


def test_fewer_points_are_a_draw_and_more_an_error(folder):
    some = read_shapes(folder, points=10).points[2].numpy()
    assert len(np.unique(some, axis=0)) == 10
    assert {*map(tuple, some)} <= {*map(tuple, CLOUDS[0].astype(np.float32))}
    with pytest.raises(ReadError, match=r"3 of 3 shapes .*a.ply: 30 points are fewer than the 31 .* ask for 30"):
        read_shapes(folder, points=31)


def test_dropped_rows_are_told_and_normals_kept_if_all_have_them(tmp_path):
    points = np.concatenate([CLOUDS[0], [[np.nan, 0, 0]]])
    write_points(tmp_path / "a.ply", points, normals=np.tile([0.0, 2.0, 0.0], (31, 1)))
    shapes = read_shapes(tmp_path, points=30)
    assert shapes.notes == ("a: 1 of 31 points was dropped: NaN, infinite or beyond 1e30.",)
    assert shapes.normals[0].unique(dim=0).tolist() == [[0, 1, 0]]


def test_a_cloud_in_other_units_is_refused_with_the_cure(folder):
    write_points(folder / "03001627" / "c.ply", CLOUDS[0] * 100)
    with pytest.raises(ReadError, match=r"1 of 4 .*03001627/c: points reach 49.* scale them there"):
        read_shapes(folder, points=30)


def test_damaged_files_are_named_and_do_not_hide_the_layout(folder):
    (folder / "02691156" / "a.ply").write_bytes(b"ply\nformat")
    (folder / "03001627" / "b.ply").write_bytes(b"")
    with pytest.raises(ReadError, match=r"2 of 3 shapes cannot be read: .*02691156/a.ply.*; .*03001627/b.ply"):
        read_shapes(folder, points=30)


def test_points_are_drawn_from_a_mesh_among_clouds_with_a_note(folder):
    write_mesh(folder / "03001627" / "c.ply", icosphere(1).vertices / 2, icosphere(1).faces)
    shapes = read_shapes(folder, layout="latent-3d-points", points=30)
    assert "03001627/c: " in shapes.notes[0]
    assert "is a mesh" in shapes.notes[0]

import numpy as np
import pytest

from diffshape.data import (
    Mesh,
    PointCloud,
    ReadError,
    icosphere,
    read_mesh,
    read_points,
    read_shape,
    write_mesh,
    write_points,
)

BALL = icosphere(1)


def written(tmp_path, name, write, *content):
    path = tmp_path / name
    write(path, *content)
    return path


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "stl", "glb"])
def test_a_mesh_is_opened_once(tmp_path, suffix, opened):
    path = written(tmp_path, f"a.{suffix}", write_mesh, BALL)
    opened.clear()
    mesh = read_shape(path)
    assert opened.count(str(path)) == 1
    expected = read_mesh(path)
    assert type(mesh) is Mesh
    assert np.array_equal(mesh.vertices, expected.vertices)
    assert np.array_equal(mesh.faces, expected.faces)
    assert (mesh.notes, mesh.attributes) == (expected.notes, expected.attributes)


@pytest.mark.parametrize(("suffix", "opens"), [("ply", 1), ("pcd", 1), ("csv", 2), ("xyz", 2), ("npy", 2)])
def test_a_cloud_is_opened_once_or_looked_into_first(tmp_path, suffix, opens, opened):
    """Text by its first lines, NumPy's files by their first bytes."""
    path = written(tmp_path, f"a.{suffix}", write_points, BALL.vertices)
    opened.clear()
    cloud = read_shape(path)
    assert opened.count(str(path)) == opens
    assert type(cloud) is PointCloud
    assert np.array_equal(cloud.points, read_points(path).points)


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "stl", "glb"])
@pytest.mark.parametrize("read", [read_mesh, read_points])
def test_the_readers_of_one_kind_open_a_mesh_once_too(tmp_path, suffix, read, opened):
    path = written(tmp_path, f"a.{suffix}", write_mesh, BALL)
    opened.clear()
    read(path)
    assert opened.count(str(path)) == 1


def test_a_cloud_is_drawn_from_as_read_points_draws(tmp_path):
    path = written(tmp_path, "a.ply", write_points, BALL.vertices)
    cloud, expected = (read(path, max_points=10, seed=3) for read in (read_shape, read_points))
    assert np.array_equal(cloud.points, expected.points)
    assert cloud.notes == expected.notes == ("10 of 42 points were drawn at random.",)


def test_a_mesh_is_left_whole(tmp_path):
    path = written(tmp_path, "a.ply", write_mesh, BALL)
    assert len(read_shape(path, max_points=10).vertices) == 42


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.blend", "x", "unknown point format"),
        ("a.ply", "", "the file is empty"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", r"not a usable mesh \(faces name vertex 3 of 3"),
        ("a.xyz", "0 0 0\n1 0 0\n", "has 2 distinct points"),
    ],
)
def test_what_is_no_shape_is_refused_by_name(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ReadError, match=f"{name}: .*{message}"):
        read_shape(path)


def test_a_missing_file_and_bad_options(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_shape(tmp_path / "a.ply")
    path = written(tmp_path, "a.ply", write_mesh, BALL)
    with pytest.raises(ValueError, match="read_shape: max_points must be"):
        read_shape(path, max_points=3)

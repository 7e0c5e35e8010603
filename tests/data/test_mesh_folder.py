import numpy as np
import pytest

from diffshape.data import ReadError, icosphere, read_mesh, read_mesh_folder, write_mesh


@pytest.fixture
def folder(tmp_path):
    for name in ("b.obj", "a.STL", "c.ply", "a.off"):
        write_mesh(tmp_path / name, *icosphere(1))
    (tmp_path / "notes.txt").write_text("no mesh")
    (tmp_path / "more.ply").mkdir()
    return tmp_path


def test_all_meshes_are_read_in_order_of_their_names(folder):
    meshes = read_mesh_folder(folder)
    assert list(meshes) == ["a.STL", "a.off", "b.obj", "c.ply"]
    for name, mesh in meshes.items():
        assert np.array_equal(mesh.vertices, read_mesh(folder / name).vertices)


def test_hidden_files_of_a_mac_are_passed_over(folder):
    (folder / "._b.obj").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    assert list(read_mesh_folder(folder)) == ["a.STL", "a.off", "b.obj", "c.ply"]


def test_all_that_cannot_be_read_are_named_in_one_error(folder):
    (folder / "b.obj").write_text("v 1 2 3\n")
    (folder / "c.ply").write_bytes(b"")
    with pytest.raises(
        ReadError, match=r"2 of 4 meshes cannot be read: .*b.obj: holds 1 points and no faces.*; .*c.ply: "
    ):
        read_mesh_folder(folder)


def test_an_empty_folder_and_none(tmp_path):
    with pytest.raises(ReadError, match="no mesh files"):
        read_mesh_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_mesh_folder(tmp_path / "nowhere")

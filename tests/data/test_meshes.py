import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import ReadError, as_mesh, read_mesh

VERTICES = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "stl", "glb"])
def test_reads_what_trimesh_writes(tmp_path, suffix):
    path = tmp_path / f"a.{suffix.upper()}"
    content = trimesh.Trimesh(VERTICES, FACES, process=False).export(file_type=suffix)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    mesh = read_mesh(path)
    assert (mesh.vertices.dtype, mesh.faces.dtype) == (np.float64, np.int64)
    assert mesh.vertices.shape == (4, 3)
    again = trimesh.Trimesh(*mesh, process=False)
    assert again.is_watertight
    assert again.volume == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    "thing",
    [
        (VERTICES.tolist(), FACES.tolist()),
        (torch.tensor(VERTICES, dtype=torch.float32, requires_grad=True), torch.tensor(FACES)),
        [VERTICES, FACES.astype(np.uint8)],
        trimesh.Trimesh(VERTICES, FACES, process=False),
    ],
)
def test_as_mesh_takes(thing):
    mesh = as_mesh(thing)
    assert np.array_equal(mesh.vertices, VERTICES)
    assert np.array_equal(mesh.faces, FACES)
    assert type(mesh.vertices) is np.ndarray
    assert as_mesh(mesh).faces is not mesh.faces


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (5, "got int"),
        ((VERTICES,), "got tuple"),
        ((VERTICES[:, :2], FACES), r"vertices must have shape \(N, 3\), got \(4, 2\)"),
        ((VERTICES, FACES[:, :2]), r"faces must have shape \(F, 3\) and integers, got \(4, 2\)"),
        ((VERTICES, FACES.astype(float)), "of float64"),
        ((VERTICES, FACES[:0]), "faces is empty"),
        ((VERTICES, FACES + 1), "faces name vertex 4 of 4"),
        ((VERTICES, FACES - 1), "faces name vertex -1 of 4"),
        ((np.where(VERTICES == 1, np.nan, VERTICES), FACES), "3 of 4 vertices are NaN, infinite or beyond 1e30"),
    ],
)
def test_as_mesh_refuses(thing, message):
    with pytest.raises(ValueError, match=message):
        as_mesh(thing)


def test_missing_empty_unknown(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_mesh(tmp_path / "none.ply")
    for name, message in [("a.ply", "the file is empty"), ("a.step", "unknown mesh format")]:
        (tmp_path / name).touch()
        with pytest.raises(ReadError, match=message):
            read_mesh(tmp_path / name)


def test_a_point_cloud_is_no_mesh(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text("v 0 0 0\nv 1 0 0\n")
    with pytest.raises(ReadError, match=r"a\.obj: holds 2 points and no faces"):
        read_mesh(path)


def test_damaged_faces_name_the_file(tmp_path):
    path = tmp_path / "a.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n")
    with pytest.raises(ReadError, match=r"a\.obj: not a usable mesh \(faces name vertex 8 of 3"):
        read_mesh(path)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["spot", "anchor", "bunny-open", "rocker-arm"])
def test_real_meshes_as_trimesh_reads_them(shared, name):
    path = shared / "data" / "meshes" / f"{name}.ply"
    mesh, peer = read_mesh(path), trimesh.load(path, process=False)
    assert np.array_equal(mesh.vertices, peer.vertices)
    assert np.array_equal(mesh.faces, peer.faces)

import copy

import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import Mesh, ReadError, as_mesh, icosphere, read_mesh

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
        ((VERTICES[:, :2], FACES), r"vertices must have shape \(V, 3\), got \(4, 2\)"),
        ((VERTICES, FACES[:, :2]), r"faces must be integers of shape \(F, 3\), got \(4, 2\)"),
        ((VERTICES, FACES.astype(float)), r"faces must be integers .* float64"),
        ((VERTICES, FACES[:0]), "faces is empty"),
        ((VERTICES, FACES + 1), "faces must index vertices 0 to 3, got 1 to 4"),
        ((VERTICES, FACES - 1), "faces must index vertices 0 to 3, got -1 to 2"),
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


def test_a_mesh_is_a_pair_that_carries_more():
    colors = np.zeros((4, 3), np.uint8)
    mesh = Mesh(VERTICES, FACES, attributes={"colors": colors}, notes=("Read.",))
    vertices, faces = mesh
    assert (len(mesh), mesh[0] is vertices, mesh[1] is faces) == (2, True, True)
    assert (vertices is mesh.vertices, faces is mesh.faces) == (True, True)
    assert (repr(mesh), isinstance(mesh, tuple)) == ("Mesh(4 vertices, 4 faces)", True)
    for other in (copy.copy(mesh), copy.deepcopy(mesh), as_mesh(mesh)):
        assert type(other) is Mesh
        assert np.array_equal(other.faces, FACES)
        assert other.attributes.keys() == {"colors"}
        assert other.notes == ("Read.",)
    assert (Mesh(VERTICES, FACES).attributes, Mesh(VERTICES, FACES).notes) == ({}, ())


def test_attributes_have_to_fit():
    with pytest.raises(
        ValueError, match=r"attributes\['heat'\] must hold real numbers of shape \(4,\) or \(4, k\), got \(3,\)"
    ):
        as_mesh(Mesh(VERTICES, FACES, attributes={"heat": np.zeros(3)}))
    with pytest.raises(ValueError, match=r"numbers from 0 to 1 or from 0 to 255, got \(4, 3\) of float64"):
        as_mesh(Mesh(VERTICES, FACES, attributes={"colors": np.full((4, 3), -1.0)}))


def test_unused_vertices_that_are_no_places_are_dropped():
    vertices = np.concatenate([[[np.nan, 0, 0]], VERTICES, [[0, np.inf, 0]]])
    mesh = as_mesh((vertices, FACES + 1))
    assert np.array_equal(mesh.vertices, VERTICES)
    assert np.array_equal(mesh.faces, FACES)
    assert mesh.notes == ("2 of 6 vertices, NaN, infinite or beyond 1e30 and used by no face, were dropped.",)


def test_faces_of_two_corners_are_told(tmp_path):
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 1 2\n")
    assert read_mesh(tmp_path / "a.obj").notes == ("1 faces of fewer than three corners were left out.",)


def test_folders_and_other_things(tmp_path):
    with pytest.raises(ReadError, match="is a folder"):
        as_mesh(tmp_path)
    for thing in (None, VERTICES, torch.zeros(4, 3), {"vertices": VERTICES}):
        with pytest.raises(ValueError, match=r"a mesh must be a path, a trimesh\.Trimesh or \(vertices, faces\)"):
            as_mesh(thing)
    with pytest.raises(ValueError, match="faces must be integers of shape"):
        as_mesh(trimesh.PointCloud(VERTICES))
    assert as_mesh(icosphere(0)) is not None

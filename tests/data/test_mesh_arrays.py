import numpy as np
import pytest
import torch
import trimesh

from diffshape.data.mesh_arrays import face_array, mesh_arrays

VERTICES, FACES = np.eye(3), np.array([[0, 1, 2]])


@pytest.mark.parametrize(
    "thing",
    [
        (VERTICES, FACES),
        [VERTICES.tolist(), FACES.tolist()],
        (torch.eye(3, requires_grad=True), torch.tensor(FACES, dtype=torch.uint8)),
        trimesh.Trimesh(VERTICES, FACES, process=False),
    ],
)
def test_whatever_holds_both_is_read(thing):
    vertices, faces = mesh_arrays(thing)
    assert (vertices.dtype, faces.dtype) == (np.float64, np.int64)
    assert (type(vertices), type(faces)) == (np.ndarray, np.ndarray)
    assert np.array_equal(vertices, VERTICES)
    assert np.array_equal(faces, FACES)


@pytest.mark.parametrize("faces", [[], np.zeros((0, 3)), torch.zeros(0, 3, dtype=torch.int64)])
def test_no_faces_at_all_are_none(faces):
    found = mesh_arrays((VERTICES, faces))[1]
    assert (found.shape, found.dtype) == ((0, 3), np.int64)


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (VERTICES, r"f: pred must be a path, a trimesh.Trimesh or \(vertices, faces\), got ndarray"),
        ((VERTICES,), r"f: pred must be a path, .* got tuple"),
        ((VERTICES[:, :2], FACES), r"f: pred vertices must have shape \(V, 3\), got \(3, 2\)"),
        ((VERTICES, FACES.T), r"f: pred faces must be integers of shape \(F, 3\), got \(3, 1\) int64"),
        ((VERTICES, 3), r"f: pred faces must be integers of shape \(F, 3\), got \(\) int64"),
        ((VERTICES, FACES == 1), r"f: pred faces must be integers .* bool"),
        ((VERTICES, FACES - 1), "f: pred faces must index vertices 0 to 2, got -1 to 1"),
        (trimesh.PointCloud(VERTICES), "f: pred faces must be integers"),
    ],
)
def test_what_is_no_mesh_is_named(thing, message):
    with pytest.raises(ValueError, match=message):
        mesh_arrays(thing, name="f: pred")


def test_faces_by_themselves():
    assert face_array([[2, 1, 0]], 3, name="faces").tolist() == [[2, 1, 0]]

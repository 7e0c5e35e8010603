"""Edges, sides and unit vectors of meshes, against naive counts and hand values."""

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import icosphere
from diffshape.ops import face_normals, face_sides
from diffshape.ops.meshes.topology import read_faces, side_normals


def random_faces(seed, count=20, vertices=9):
    return torch.randint(vertices, (count, 3), generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 10_000), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_sides_count_every_edge_as_a_loop_would(seed, count):
    faces = random_faces(seed, count)
    sides = face_sides(faces)
    loop = Counter(tuple(sorted((f[i], f[(i + 1) % 3]))) for f in faces.tolist() for i in range(3))
    assert Counter(map(tuple, sides.ends.tolist())) == loop
    assert sorted(map(tuple, sides.ends[sides.first].tolist())) == sorted(edge for edge in loop if edge[0] != edge[1])
    assert len(set(zip(sides.edge.tolist(), map(tuple, sides.ends.tolist())))) == len(loop)
    assert set(sides.edge.tolist()) == set(range(len(loop)))
    whole = torch.cat([sides.ends, sides.opposite[:, None]], 1).sort(1).values
    assert torch.equal(whole, faces.sort(1).values.repeat(3, 1))


def test_a_closed_mesh_has_three_edges_for_two_faces():
    faces = torch.from_numpy(icosphere(2).faces)
    sides = face_sides(faces)
    assert int(sides.first.sum()) == 3 * len(faces) // 2
    assert torch.equal(sides.edge.bincount(), torch.full((480,), 2))


def test_normals_by_hand():
    vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0], [0, 0, 1]])
    normals, exist = face_normals(vertices, torch.tensor([[0, 1, 2], [0, 2, 1], [0, 2, 3], [0, 1, 1]]))
    assert normals.tolist() == [[0, 0, 1], [0, 0, -1], [1, 0, 0], [0, 0, 0]]
    assert exist.tolist() == [True, True, True, False]


@pytest.mark.parametrize("scale", [1e-30, 1e-10, 1.0, 1e15, 1e30])
def test_no_unit_of_length_is_too_small_or_large(scale):
    vertices = (torch.tensor([[0.1, 0, 0], [2, 0.3, 0], [0, 3, 0.2]]) * scale).requires_grad_()
    normals, exist = face_normals(vertices, torch.tensor([[0, 1, 2]]))
    expected, _ = face_normals(vertices.detach() / scale, torch.tensor([[0, 1, 2]]))
    assert exist.all()
    torch.testing.assert_close(normals, expected)
    normals.sum().backward()
    assert torch.isfinite(vertices.grad).all()
    assert vertices.grad.any()


def test_collinear_corners_have_no_direction_and_no_gradient():
    vertices = torch.tensor([[0.0, 0, 0], [0.1, 0.1, 0.1], [0.3, 0.3, 0.3]], requires_grad=True)
    normals, exist = face_normals(vertices, torch.tensor([[0, 1, 2]]))
    normals.sum().backward()
    assert not exist.any()
    assert not normals.any()
    assert torch.equal(vertices.grad, torch.zeros(3, 3))


def test_normals_and_their_derivatives():
    generator = torch.Generator().manual_seed(0)
    vertices = torch.randn(2, 6, 3, dtype=torch.float64, generator=generator).requires_grad_()
    faces = torch.tensor([[0, 1, 2], [2, 3, 4], [5, 0, 3]])
    assert torch.autograd.gradcheck(lambda v: face_normals(v, faces).vectors, vertices)
    assert torch.autograd.gradgradcheck(lambda v: face_normals(v, faces).vectors, vertices)


def test_wings_in_one_plane_are_opposite_however_faces_run():
    vertices = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, -1, 0]])
    for faces in ([[0, 1, 2], [1, 0, 3]], [[1, 0, 2], [3, 1, 0]]):
        sides = face_sides(torch.tensor(faces))
        first, second = side_normals(vertices, sides).vectors[(sides.ends == torch.tensor([0, 1])).all(1)]
        assert torch.equal(first, -second)


def test_operator_keeps_its_promises_to_pytorch():
    torch.library.opcheck(torch.ops.diffshape.check_face_indices.default, ("test", "faces", random_faces(0), 9))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32, torch.int64])
def test_any_integer_becomes_int64(dtype):
    faces = read_faces("test", torch.zeros(4, 3), torch.tensor([[0, 1, 3]], dtype=dtype))
    assert faces.dtype == torch.int64
    assert faces.tolist() == [[0, 1, 3]]


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (torch.zeros(4, 2), torch.zeros(1, 3).long(), r"vertices must be floats .* got \(4, 2\)"),
        (torch.zeros(1, 2, 4, 3), torch.zeros(1, 3).long(), r"vertices must be floats"),
        (torch.zeros(4, 3).long(), torch.zeros(1, 3).long(), "vertices must be floats .*int64"),
        (torch.zeros(4, 3), torch.zeros(1, 4).long(), r"faces must be integers of shape \(F, 3\), got \(1, 4\)"),
        (torch.zeros(4, 3), torch.zeros(1, 3), "faces must be integers .*float32"),
        (torch.zeros(4, 3), torch.zeros(1, 3).bool(), "faces must be integers .*bool"),
        (torch.zeros(4, 3), torch.tensor([[0, 1, 4]]), "faces must index vertices 0 to 3, got 0 to 4"),
        (torch.zeros(4, 3), torch.tensor([[0, -1, 2]]), "faces must index vertices 0 to 3, got -1 to 2"),
    ],
)
def test_bad_input(vertices, faces, message):
    with pytest.raises(ValueError, match=f"^test: {message}"):
        read_faces("test", vertices, faces)


@pytest.mark.parametrize("faces", [[[0, 1, -1]], [[0, 1, 3]], [[0, 1, 2**40]]])
def test_indices_of_no_vertex_are_refused(faces):
    with pytest.raises(ValueError, match="face_normals: faces must index vertices 0 to 2"):
        face_normals(torch.eye(3), torch.tensor(faces))


def test_faces_that_are_none_are_refused():
    for faces in (torch.tensor([0, 1, 2]), torch.tensor([[0.0, 1.0, 2.0]])):
        for function in (face_sides, lambda faces: face_normals(torch.eye(3), faces)):
            with pytest.raises(ValueError, match="faces must"):
                function(faces)
    with pytest.raises(ValueError, match="face_sides: faces must index"):
        face_sides(torch.tensor([[0, 1, -1]]))
    with pytest.raises(ValueError, match="face_normals: vertices has non-finite"):
        face_normals(torch.full((3, 3), torch.nan), torch.tensor([[0, 1, 2]]))


def test_small_integers_number_their_edges_alike():
    faces = torch.tensor([[0, 1, 255], [255, 1, 200]])
    assert torch.equal(face_sides(faces).edge, face_sides(faces.to(torch.uint8)).edge)

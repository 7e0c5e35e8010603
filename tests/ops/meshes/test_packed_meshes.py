"""Packed meshes: what packing keeps, what it refuses, and how it is read."""

import pytest
import torch

from diffshape import losses
from diffshape.data import icosphere, torus_mesh
from diffshape.ops import PackedFaces, closest_points, face_sides, pack_meshes, sample_surface, signed_distance
from diffshape.ops.meshes.packed_meshes import flatten_meshes, read_topology

BALL, TORUS = ([torch.from_numpy(part) for part in mesh] for mesh in (icosphere(1), torus_mesh(9, 6)))
LONELY = torch.ones(2, 3).double(), torch.zeros((0, 3), dtype=torch.int64)
EMPTY = torch.zeros(0, 3).double(), torch.zeros((0, 3), dtype=torch.int64)
TWO = torch.tensor([[0, 1, 2], [3, 4, 5]])


def test_packing_keeps_the_meshes():
    meshes = [BALL, EMPTY, LONELY, TORUS]
    packed = pack_meshes(meshes)
    assert len(packed.faces) == 4
    assert repr(packed.faces) == "PackedFaces(4 meshes, 98 vertices, 188 faces)"
    assert packed.faces.vertex_counts == (42, 0, 2, 54)
    assert packed.faces.face_counts == (80, 0, 0, 108)
    assert torch.equal(packed.faces.vertex_mesh.bincount(minlength=4), torch.tensor([42, 0, 2, 54]))
    assert torch.equal(packed.faces.face_mesh, packed.faces.vertex_mesh[packed.faces.triangles[:, 2]])
    for back, mesh in zip(packed.unpack(), meshes, strict=True):
        assert all(torch.equal(*pair) for pair in zip(back, mesh))


def test_packing_is_differentiable():
    vertices = [BALL[0].clone().requires_grad_(), TORUS[0].clone().requires_grad_()]
    packed = pack_meshes([(vertices[0], BALL[1]), (vertices[1], TORUS[1])])
    (packed.vertices * torch.arange(96)[:, None]).sum().backward()
    assert torch.equal(torch.cat([each.grad for each in vertices])[:, 0], torch.arange(96).double())


def test_edges_of_the_pack_are_those_of_each_mesh():
    sides = pack_meshes([BALL, TORUS]).faces.sides
    counts = [int(face_sides(faces).first.sum()) for _, faces in (BALL, TORUS)]
    owners = (sides.ends[sides.first][:, 0] >= 42).long()
    assert owners.bincount().tolist() == counts


def test_any_integers_are_faces():
    packed = pack_meshes([(BALL[0], BALL[1].int()), (TORUS[0], TORUS[1].short())])
    assert packed.faces.triangles.dtype == torch.int64
    assert torch.equal(packed.faces.triangles, pack_meshes([BALL, TORUS]).faces.triangles)
    assert torch.equal(packed.faces.to("cpu").triangles, packed.faces.triangles)


def test_one_topology_flattens_like_packed_meshes():
    vertices = torch.stack([BALL[0], 2 * BALL[0], 3 * BALL[0]])
    flat = flatten_meshes(vertices, BALL[1])
    packed = pack_meshes([(each, BALL[1]) for each in vertices])
    assert torch.equal(flat.vertices, packed.vertices)
    assert torch.equal(flat.triangles, packed.faces.triangles)
    assert flat.face_counts == list(packed.faces.face_counts)
    assert flatten_meshes(vertices[:0], BALL[1]).face_counts == []


@pytest.mark.parametrize(
    ("meshes", "message"),
    [
        ([], "meshes must be a list of one or more"),
        (BALL[0], "meshes must be a list of lists of 2 Tensors, got a Tensor"),
        ([BALL, BALL[0]], r"meshes\[1\] must be a list of 2 Tensors, got a Tensor"),
        ([(BALL[0][None], BALL[1])], r"vertices of mesh 0 must have shape \(V, 3\), got \(1, 42, 3\)"),
        ([BALL, BALL[:1]], r"meshes\[1\] must be a list of 2 Tensors, got a list of 1"),
        ([icosphere(1)], r"meshes\[0\]\[0\] must be a Tensor, got a ndarray; torch\.from_numpy makes one"),
        ([BALL, (BALL[0].float(), BALL[1])], "all vertices must share dtype .* of mesh 1, torch.float32"),
        ([TORUS, (BALL[0][:9], BALL[1])], "mesh 1: faces must index vertices 0 to 8, got 0 to 41"),
        ([(BALL[0], BALL[1].double())], r"meshes\[0\]\[1\] must be integers, shape \(F, 3\), got torch.float64"),
        ([(BALL[0][:, :2], BALL[1])], "mesh 0: vertices must be floats"),
    ],
)
def test_bad_meshes(meshes, message):
    with pytest.raises((ValueError, TypeError), match=f"^pack_meshes: {message}"):
        pack_meshes(meshes)


@pytest.mark.parametrize(
    ("faces", "vertex_counts", "face_counts", "message"),
    [
        (TWO, (3, 3), (2,), "one number, 0 or more, for each of one or more meshes, got 2 and 1"),
        (TWO, (), (), "for each of one or more meshes, got 0 and 0"),
        (TWO, (3, -1, 4), (1, 0, 1), "0 or more"),
        (TWO, (3, 3), (1, 2), "face_counts add up to 3, but triangles has 2"),
        (TWO, (3, 2), (1, 1), "triangles must index vertices 0 to 4, got 0 to 5"),
        (TWO, (2, 4), (1, 1), "a face names a vertex of another mesh"),
        (TWO.flip(0), (3, 3), (1, 1), "a face names a vertex of another mesh"),
    ],
)
def test_bad_packs(faces, vertex_counts, face_counts, message):
    with pytest.raises(ValueError, match=f"^PackedFaces: .*{message}"):
        PackedFaces(faces, vertex_counts, face_counts)


@pytest.mark.parametrize("shape", [(95, 3), (96, 2), (1, 96, 3)])
def test_vertices_that_do_not_fit(shape):
    packed = pack_meshes([BALL, TORUS])
    with pytest.raises(ValueError, match=r"^f: vertices must be floats of shape \(96, 3\) like the packed faces, got"):
        read_topology("f", torch.zeros(shape), packed.faces)
    with pytest.raises(ValueError, match=r"packed faces must be on one device, got meta and cpu; PackedFaces\.to"):
        read_topology("f", torch.zeros(96, 3, device="meta"), packed.faces)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (losses.laplacian_loss, {"vertices": BALL[0]}),
        (losses.edge_length_loss, {"pred": BALL[0], "target": 0.5}),
        (losses.mesh_to_points_distance, {"points": BALL[0], "vertices": BALL[0]}),
        (sample_surface, {"vertices": BALL[0], "n": 5}),
        (signed_distance, {"points": BALL[0], "vertices": BALL[0]}),
        (closest_points, {"points": BALL[0], "vertices": BALL[0]}),
    ],
)
@pytest.mark.parametrize("faces", [None, "mesh", BALL[1].tolist(), BALL[1].numpy(), BALL])
def test_what_is_neither_faces_nor_packed_is_refused(function, arguments, faces):
    wanted = f"^{function.__name__}: faces must be a Tensor or a PackedFaces, got"
    with pytest.raises(TypeError, match=wanted):
        function(**arguments, faces=faces)


@pytest.mark.parametrize("part", ["sparse", "meta", "complex"])
def test_pairs_must_hold_plain_tensors(part):
    vertices = {"sparse": BALL[0].to_sparse(), "meta": BALL[0].to("meta"), "complex": BALL[0].to(torch.complex64)}[part]
    with pytest.raises(ValueError, match=r"^pack_meshes: meshes\[1\]\[0\] must be "):
        pack_meshes([BALL, (vertices, BALL[1])])


def test_a_mesh_may_be_as_large_in_a_pack_as_alone():
    far = BALL[0].float() * (6e17 / BALL[0].float().abs().max())
    packed = pack_meshes([(far, BALL[1])] * 40)
    alone = losses.laplacian_loss(far, BALL[1])
    assert torch.isfinite(alone)
    torch.testing.assert_close(losses.laplacian_loss(*packed, reduction="none"), alone.expand(40))
    with pytest.raises(ValueError, match=r"^laplacian_loss: vertices is too large, squared distances overflow"):
        losses.laplacian_loss(far * 10, BALL[1])


def test_too_large_for_the_answer_is_said_of_the_numbers_given():
    message = "^closest_points: points is too large, squared distances overflow torch.float32 from about 5e.18 on"
    with pytest.raises(ValueError, match=message):
        closest_points(BALL[0].float() * 1e20, BALL[0].float(), BALL[1])

"""Packed meshes in every loss on meshes: the value and the gradient of a loop over the meshes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import box_mesh, icosphere, torus_mesh
from diffshape.losses import (
    adjacent_normal_loss,
    chamfer_distance,
    edge_length_loss,
    face_normal_loss,
    laplacian_loss,
    mesh_loss,
    mesh_to_points_distance,
    point_to_mesh_distance,
)
from diffshape.ops import pack_meshes, sample_surface

MESHES = [[torch.from_numpy(part) for part in mesh] for mesh in (icosphere(1), torus_mesh(9, 6), box_mesh(2))]
TINY = [  # two hinges and a corner, for derivatives by differences
    (torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0.2, 0.1, 1]]).double(), torch.tensor([[0, 1, 2], [1, 0, 3]])),
    (torch.tensor([[0.0, 0, 1], [1, 0, 0], [-1, 1, 0], [-1, -1, 0]]).double(), torch.tensor([[0, 1, 2], [0, 2, 3]])),
    (torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 2, 0]]).double(), torch.tensor([[0, 1, 2]])),
]
POINTS = 7


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def moved(vertices):
    """A target of the same faces that is not a rigid copy."""
    return vertices * vertices.new_tensor([1.0, 1.3, 0.7]) + 0.1 * vertices.roll(1, -1)


LOSSES = {  # of vertices, faces and a cloud for each mesh
    "edge": lambda v, f, _, **options: edge_length_loss(v, moved(v.detach()), f, **options),
    "edge to a length": lambda v, f, _, **options: edge_length_loss(v, 0.3, f, **options),
    "face normals": lambda v, f, _, **options: face_normal_loss(v, moved(v.detach()), f, **options),
    "uniform": lambda v, f, _, **options: laplacian_loss(v, f, **options),
    "cotangent": lambda v, f, _, **options: laplacian_loss(v, f, weighting="cotangent", **options),
    "curvature": lambda v, f, _, **options: laplacian_loss(v, f, weighting="curvature", squared=False, **options),
    "adjacent normals": lambda v, f, _, **options: adjacent_normal_loss(v, f, **options),
    "mesh": lambda v, f, _, **options: mesh_loss(v, moved(v.detach()), f, **options).total,
}
SEARCHED = {
    "points to mesh": lambda v, f, p, **options: point_to_mesh_distance(p, v, f, **options),
    "mesh to points": lambda v, f, p, **options: mesh_to_points_distance(p, v, f, squared=False, **options),
}
every_loss = pytest.mark.parametrize("loss", (LOSSES | SEARCHED).values(), ids=(LOSSES | SEARCHED).keys())
every_plain_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def shaken(meshes, seed=0, dtype=torch.float64):
    return [((vertices + 0.05 * noise(*vertices.shape, seed=seed)).to(dtype), faces) for vertices, faces in meshes]


def with_gradients(loss, vertices, faces, clouds):
    vertices = vertices.clone().requires_grad_()
    values = loss(vertices, faces, clouds, reduction="none")
    values.sum().backward()
    return values.detach(), vertices.grad


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_call_equals_the_loop(loss, dtype):
    meshes, clouds = shaken(MESHES, dtype=dtype), noise(3, POINTS, 3).to(dtype)
    values, gradient = with_gradients(loss, *pack_meshes(meshes), clouds)
    loop = [with_gradients(loss, *mesh, cloud) for mesh, cloud in zip(meshes, clouds)]
    assert values.dtype == dtype
    close = {"rtol": 1e-6, "atol": 1e-6} if dtype == torch.float32 else {"rtol": 1e-13, "atol": 1e-15}
    torch.testing.assert_close(values, torch.stack([each for each, _ in loop]), **close)
    torch.testing.assert_close(gradient, torch.cat([each for _, each in loop]), **close)


@every_loss
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_meshes_does_not_matter(loss, seed):
    meshes, clouds = shaken(MESHES, seed), noise(3, POINTS, 3, seed=seed)
    order = torch.randperm(3, generator=torch.Generator().manual_seed(seed))
    there = loss(*pack_meshes(meshes), clouds, reduction="none")
    back = loss(*pack_meshes([meshes[number] for number in order]), clouds[order], reduction="none")
    torch.testing.assert_close(back, there[order])


@every_loss
def test_reductions(loss):
    packed, clouds = pack_meshes(shaken(MESHES)), noise(3, POINTS, 3)
    each = loss(*packed, clouds, reduction="none")
    assert each.shape == (3,)
    torch.testing.assert_close(loss(*packed, clouds), each.mean())
    torch.testing.assert_close(loss(*packed, clouds, reduction="sum"), each.sum())
    one = pack_meshes(shaken(MESHES)[:1])
    torch.testing.assert_close(loss(*one, clouds[:1], reduction="none"), each[:1])


@pytest.mark.parametrize("name", ["edge", "edge to a length", "face normals", "uniform", "adjacent normals"])
def test_first_and_second_derivatives(name):
    packed = pack_meshes(shaken(TINY))
    goal = moved(packed.vertices)
    call = {
        "edge": lambda v: edge_length_loss(v, goal, packed.faces, reduction="none"),
        "face normals": lambda v: face_normal_loss(v, goal, packed.faces, reduction="none"),
    }.get(name, lambda v: LOSSES[name](v, packed.faces, None, reduction="none"))
    vertices = packed.vertices.requires_grad_()
    assert torch.autograd.gradcheck(call, vertices)
    assert torch.autograd.gradgradcheck(call, vertices)


@pytest.mark.parametrize("name", SEARCHED)
def test_derivatives_of_distances(name):
    packed, clouds = pack_meshes(shaken(TINY)), noise(3, POINTS, 3).requires_grad_()
    vertices = packed.vertices.requires_grad_()
    call = lambda v, p: SEARCHED[name](v, packed.faces, p, reduction="none")  # noqa: E731
    assert torch.autograd.gradcheck(call, (vertices, clouds))


@every_plain_loss
def test_masked_nan_goes_nowhere(loss):
    packed = pack_meshes(shaken(MESHES))
    keep = torch.ones(len(packed.vertices), dtype=torch.bool)
    keep[::5] = False
    broken = torch.where(keep[:, None], packed.vertices, torch.nan).requires_grad_()
    values = loss(broken, packed.faces, None, mask=keep, reduction="none")
    values.sum().backward()
    assert torch.isfinite(values).all()
    assert torch.isfinite(broken.grad).all()
    assert not broken.grad[~keep].any()
    parts = zip(packed.unpack(), keep.split(list(packed.faces.vertex_counts)))
    alone = [loss(*mesh, None, mask=mask) for mesh, mask in parts]
    torch.testing.assert_close(values, torch.stack(alone))


@every_plain_loss
def test_meshes_without_vertices_or_faces_have_zero(loss):
    nothing = torch.zeros((0, 3), dtype=torch.int64)
    meshes = [(torch.zeros(0, 3).double(), nothing), MESHES[0], (torch.zeros(0, 3).double(), nothing)]
    values, gradient = with_gradients(loss, *pack_meshes(meshes), None)
    assert values[0] == values[2] == 0
    torch.testing.assert_close(values[1], loss(*MESHES[0], None))
    assert torch.isfinite(gradient).all()


@every_plain_loss
def test_the_compiler_sees_one_graph(loss):
    packed = pack_meshes(shaken(MESHES))
    compiled = torch.compile(lambda v, f: loss(v, f, None, reduction="none"), backend="eager", fullgraph=True)
    assert torch.equal(compiled(*packed), loss(*packed, None, reduction="none"))


def test_chamfer_of_samples_equals_the_loop():
    meshes, clouds = shaken(MESHES), noise(3, 20, 3)
    together, apart = (torch.Generator().manual_seed(7) for _ in range(2))
    packed = pack_meshes(meshes)
    vertices = packed.vertices.requires_grad_()
    drawn = sample_surface(vertices, packed.faces, 50, generator=together).points
    values = chamfer_distance(drawn, clouds, reduction="none")
    values.sum().backward()
    for number, (own, gradient) in enumerate(zip(meshes, vertices.grad.split(list(packed.faces.vertex_counts)))):
        alone = own[0].clone().requires_grad_()
        value = chamfer_distance(sample_surface(alone, own[1], 50, generator=apart).points, clouds[number])
        value.backward()
        torch.testing.assert_close(values[number], value)
        torch.testing.assert_close(gradient, alone.grad)


@every_loss
def test_bad_shapes(loss):
    packed = pack_meshes(MESHES)
    with pytest.raises(ValueError, match=r"must be floats of shape \(\d+, 3\) like the packed faces, got \(\d+, 3\)"):
        loss(packed.vertices[1:], packed.faces, noise(3, POINTS, 3))
    if loss in LOSSES.values():
        with pytest.raises(ValueError, match="mask must have shape"):
            loss(*packed, None, mask=torch.ones(3, dtype=torch.bool))

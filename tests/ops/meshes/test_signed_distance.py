"""signed_distance and inside_mesh: closed forms, peers, derivatives, batches, and input they must refuse."""

import math

import igl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import box_mesh, icosphere, torus_mesh
from diffshape.ops import closest_triangles, inside_mesh, pack_meshes, signed_distance
from diffshape.ops.meshes.signed_distance import locate_points

BOX, BALL, TORUS = (
    [torch.from_numpy(part) for part in mesh]
    for mesh in (box_mesh(1, sides=(2.0, 4.0, 6.0)), icosphere(1, radius=1), torus_mesh())
)
both = pytest.mark.parametrize("function", [signed_distance, inside_mesh])


def cloud(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def of_a_box(points, half):
    """The closed form for a box of half sides ``half`` around 0."""
    beyond = points.abs() - half
    return beyond.clamp(min=0).norm(dim=-1) + beyond.max(-1).values.clamp(max=0)


def test_a_box_by_its_closed_form():
    points = 3 * cloud(400, 3)
    expected = of_a_box(points, points.new_tensor([1, 2, 3]))
    torch.testing.assert_close(signed_distance(points, *BOX), expected, rtol=1e-12, atol=1e-13)
    assert torch.equal(inside_mesh(points, *BOX), expected < 0)
    assert 20 < int((expected < 0).sum()) < 380


def test_equals_libigl():
    points = 0.4 * cloud(500, 3)
    theirs = igl.winding_number(*(part.numpy() for part in TORUS), points.numpy()) > 0.5
    assert np.array_equal(inside_mesh(points, *TORUS).numpy(), theirs)
    distances = signed_distance(points, *TORUS)
    torch.testing.assert_close(distances.square(), closest_triangles(points, *TORUS).squared_distances)
    assert np.array_equal(distances.numpy() < 0, theirs)


@both
def test_facing_does_not_matter(function):
    points = cloud(200, 3)
    torch.testing.assert_close(function(points, BALL[0], BALL[1].flip(1)), function(points, *BALL))
    shift = torch.tensor([4.0, 0, 0]).double()
    vertices, faces = torch.cat([BALL[0], BALL[0] + shift]), torch.cat([BALL[1], BALL[1].flip(1) + len(BALL[0])])
    centres = torch.stack([0 * shift, shift, 2 * shift])
    assert inside_mesh(centres, vertices, faces).tolist() == [True, True, False]


def test_faces_that_run_against_the_rest_do_not_matter():
    """Half of the faces of a torus and a third of those of a ball turned at random."""
    points = 0.5 * cloud(2, 300, 3)
    soups = [
        (vertices, torch.where(torch.arange(len(faces))[:, None] % step == 0, faces.flip(1), faces))
        for (vertices, faces), step in ((TORUS, 2), (BALL, 3))
    ]
    assert torch.equal(inside_mesh(points, *pack_meshes(soups)), inside_mesh(points, *pack_meshes([TORUS, BALL])))


def test_a_cavity_is_outside():
    vertices, faces = torch.cat([3 * BALL[0], BALL[0]]), torch.cat([BALL[1], BALL[1].flip(1) + len(BALL[0])])
    points = torch.tensor([[0.0, 0, 0], [0, 0, 2], [0, 0, 9]]).double()
    assert inside_mesh(points, vertices, faces).tolist() == [False, True, False]
    distances = signed_distance(points, vertices, faces)
    assert distances[0] > 0 > distances[1]


def test_first_and_second_derivatives():
    points, vertices = (1.2 * cloud(2, 4, 3)).requires_grad_(), (BOX[0] + 0.1 * cloud(2, 8, 3)).requires_grad_()
    call = lambda p, v: signed_distance(p, v, BOX[1])  # noqa: E731
    assert (call(points, vertices) < 0).any()
    assert torch.autograd.gradcheck(call, (points, vertices))
    assert torch.autograd.gradgradcheck(call, (points, vertices))


def test_the_gradient_is_a_unit_vector_and_zero_on_the_surface():
    points = torch.tensor([[0.0, 0.5, 0.0], [0.9, 0, 0], [5, 0, 0], [1, 0.3, 0.2]]).double().requires_grad_()
    distances = signed_distance(points, *BOX)
    (gradient,) = torch.autograd.grad(distances.sum(), points)
    torch.testing.assert_close(distances.detach(), torch.tensor([-1, -0.1, 4, 0]).double())
    assert gradient[1:].tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert gradient[0].abs().tolist() == [1, 0, 0]


def test_a_step_along_the_gradient_lands_on_the_surface():
    points = cloud(50, 3).requires_grad_()
    distances = signed_distance(points, *BALL)
    (gradient,) = torch.autograd.grad(distances.sum(), points)
    landed = points - distances[:, None] * gradient
    assert closest_triangles(landed.detach(), *BALL).squared_distances.max() < 1e-28


@both
def test_batches_and_packs_equal_the_loop(function):
    clouds, meshes = cloud(3, 30, 3), [BALL, TORUS, BOX]
    together = function(clouds, *pack_meshes(meshes))
    assert torch.equal(together, torch.stack([function(points, *mesh) for points, mesh in zip(clouds, meshes)]))
    vertices = torch.stack([BALL[0], 2 * BALL[0], 0.5 * BALL[0]])
    batch = function(clouds, vertices, BALL[1])
    assert torch.equal(batch, torch.stack([function(points, own, BALL[1]) for points, own in zip(clouds, vertices)]))


@given(seed=st.integers(0, 10_000), shift=st.floats(-5, 5), scale=st.floats(1e-2, 1e2))
@settings(max_examples=20, deadline=None)
def test_rigid_motions_and_scale(seed, shift, scale):
    points, rotation = 0.5 * cloud(40, 3, seed=seed), torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    there = signed_distance(scale * points @ rotation + shift, scale * TORUS[0] @ rotation + shift, TORUS[1])
    torch.testing.assert_close(there, scale * signed_distance(points, *TORUS), rtol=1e-9, atol=1e-9 * scale)


def test_an_open_bowl_holds_what_is_deep_in_it():
    vertices, faces = BALL
    bowl = faces[(vertices[faces][..., 2] < 0.6).all(1)]
    points = torch.tensor([[0.0, 0, -0.3], [0, 0, 3]]).double()
    assert inside_mesh(points, vertices, bowl).tolist() == [True, False]


def test_threads_do_not_matter():
    points, before, results = 0.5 * cloud(5000, 3), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(signed_distance(points, *TORUS))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*results)


def test_precision_and_no_points():
    for dtype, wanted in ((torch.float16, torch.float32), (torch.float32, torch.float32)):
        found = signed_distance(cloud(5, 3).to(dtype), BALL[0].to(dtype), BALL[1])
        assert found.dtype == wanted
    far = signed_distance(torch.tensor([[0.0, 0, 1e6]]), BALL[0].float(), BALL[1])
    assert far.item() == pytest.approx(1e6 - 1, rel=1e-6)
    assert math.isfinite(far.item())
    assert signed_distance(cloud(2, 0, 3), torch.stack([BALL[0]] * 2), BALL[1]).shape == (2, 0)
    assert inside_mesh(cloud(0, 3), *BALL).shape == (0,)


def test_the_operator_is_one():
    torch.library.opcheck(locate_points, (cloud(2, 7, 3), cloud(6, 3), torch.arange(6).reshape(2, 3), [1, 1]))
    compiled = torch.compile(signed_distance, backend="eager", fullgraph=True)
    points = cloud(2, 6, 3)
    packed = pack_meshes([BALL, TORUS])
    assert torch.equal(compiled(points, *packed), signed_distance(points, *packed))


@both
@pytest.mark.parametrize(
    ("points", "vertices", "faces", "message"),
    [
        (cloud(5, 2), BALL[0], BALL[1], r"points must have shape \(N, 3\) like vertices, got \(5, 2\)"),
        (cloud(2, 5, 3), BALL[0], BALL[1], r"points must have shape \(N, 3\) like vertices, got \(2, 5, 3\)"),
        (cloud(5, 3).float(), BALL[0], BALL[1], "points and vertices must share dtype"),
        (cloud(5, 3), BALL[0], BALL[1][:0], "faces must hold at least one triangle"),
        (cloud(5, 3), BALL[0], BALL[1] + 1, "faces must index vertices 0 to 41, got 1 to 42"),
        (cloud(5, 3) * torch.nan, BALL[0], BALL[1], "points has non-finite coordinates"),
        (cloud(5, 3), BALL[0] * torch.inf, BALL[1], "vertices has non-finite coordinates"),
    ],
)
def test_bad_input(function, points, vertices, faces, message):
    with pytest.raises(ValueError, match=f"^{function.__name__}: {message}"):
        function(points, vertices, faces)

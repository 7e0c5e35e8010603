"""closest_triangles: hand values, peers, derivatives, degenerate triangles, and input it must refuse."""

import igl
import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.data import icosphere, torus_mesh
from diffshape.ops import closest_triangles
from diffshape.ops.meshes.closest_triangles import closest_triangle_indices

TRIANGLE = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]], dtype=torch.float64)
ONE_FACE = torch.tensor([[0, 1, 2]])
REGIONS = [  # (point, closest point): inside, three sides, three corners
    ((1.0, 1.0, 3.0), (1.0, 1.0, 0.0)),
    ((2.0, -1.0, 2.0), (2.0, 0.0, 0.0)),
    ((3.0, 3.0, 1.0), (2.0, 2.0, 0.0)),
    ((-2.0, 1.0, 0.0), (0.0, 1.0, 0.0)),
    ((-1.0, -2.0, 2.0), (0.0, 0.0, 0.0)),
    ((6.0, -1.0, 0.0), (4.0, 0.0, 0.0)),
    ((-1.0, 7.0, 1.0), (0.0, 4.0, 0.0)),
]


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def soup(count, seed=0, size=0.3):
    """Random triangles, some of them segments and points."""
    corners = cloud(count, 1, 3, seed=seed) + size * cloud(count, 3, 3, seed=seed + 1)
    corners[::7, 2] = corners[::7, 1]
    corners[::11, 1:] = corners[::11, :1]
    corners[::13, 2] = 0.25 * corners[::13, 0] + 0.75 * corners[::13, 1]
    return corners.reshape(-1, 3), torch.arange(3 * count).reshape(-1, 3)


def least_over_samples(points, corners, steps=400):
    """The distance by brute force: the least over a fine grid of points of each triangle."""
    u, v = np.meshgrid(np.linspace(0, 1, steps), np.linspace(0, 1, steps))
    inside = u + v <= 1
    weights = np.stack([1 - u[inside] - v[inside], u[inside], v[inside]], 1)
    return np.array([np.linalg.norm(weights @ corners - p, axis=1).min() for p in points])


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_region_by_hand(turn, dtype):
    points, expected = (torch.tensor(each, dtype=dtype) for each in zip(*REGIONS))
    found = closest_triangles(points, TRIANGLE.to(dtype), ONE_FACE.roll(turn, 1))
    torch.testing.assert_close(found.points, expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.squared_distances, (points - expected).square().sum(-1))
    assert found.indices.tolist() == [0] * len(REGIONS)


def test_degenerate_triangles_are_segments_and_points():
    line = torch.tensor([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]], dtype=torch.float64)
    point = torch.tensor([[2.0, 5, 0]], dtype=torch.float64)
    for order in ([0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1]):
        assert closest_triangles(point, line[order], ONE_FACE).squared_distances.tolist() == [25.0]
    for order in ([0, 0, 2], [0, 2, 2], [2, 0, 2]):
        assert closest_triangles(point, line, torch.tensor([order])).squared_distances.tolist() == [25.0]
    found = closest_triangles(point, line, torch.tensor([[1, 1, 1]]))
    assert found.squared_distances.tolist() == [26.0]
    assert found.points.tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("height", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_needles_are_exact(height):
    """A thin triangle off the axes, against its own plane and sides worked out in a frame where it is simple."""
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0.4, height, 0]])
    points = np.array([[0.5, 0.0, 0.3], [0.4, 2.0, 0.0], [-1.0, 0.0, 1.0], [0.4, height / 2, 0.7]])
    expected = [0.09, (2 - height) ** 2, 2.0, 0.49]
    turn = trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.7, 0.4]))[:3, :3]
    found = closest_triangles(torch.from_numpy(points @ turn.T), torch.from_numpy(corners @ turn.T), ONE_FACE)
    np.testing.assert_allclose(found.squared_distances.numpy(), expected, rtol=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 60), st.sampled_from([0.01, 0.3, 3.0]))
@settings(max_examples=25, deadline=None)
def test_search_equals_trying_every_triangle(seed, count, size):
    vertices, faces = soup(count, seed, size)
    points = 2 * cloud(40, 3, seed=seed + 2)
    found = closest_triangles(points, vertices, faces)
    every = [closest_triangles(points, vertices[face], ONE_FACE).squared_distances for face in faces]
    torch.testing.assert_close(found.squared_distances, torch.stack(every).amin(0), rtol=1e-12, atol=1e-24)
    torch.testing.assert_close((points - found.points).square().sum(-1), found.squared_distances)


def test_the_least_over_points_of_the_triangles():
    vertices, faces = soup(30, seed=5)
    points = cloud(12, 3, seed=9)
    found = closest_triangles(points, vertices, faces)
    corners = vertices[faces[found.indices]].numpy()
    for p, triangle, squared in zip(points.numpy(), corners, found.squared_distances):
        sampled = least_over_samples(p[None], triangle)[0]
        assert squared.sqrt() <= sampled + 1e-12
        assert squared.sqrt() == pytest.approx(sampled, abs=5e-3)


@pytest.mark.parametrize("mesh", [icosphere(3), torus_mesh(20, 12)], ids=["sphere", "torus"])
@pytest.mark.parametrize("spread", [0.4, 5.0])
def test_distances_equal_libigl_and_trimesh(mesh, spread):
    points = spread * cloud(500, 3)
    found = closest_triangles(points, torch.from_numpy(mesh.vertices), torch.from_numpy(mesh.faces))
    squared, _, closest = igl.point_mesh_squared_distance(points.numpy(), mesh.vertices, mesh.faces)
    np.testing.assert_allclose(found.squared_distances.numpy(), squared, rtol=1e-10, atol=1e-18)
    np.testing.assert_allclose(found.points.numpy(), closest, atol=1e-8)
    corners = mesh.vertices[mesh.faces[found.indices.numpy()]]
    theirs = trimesh.triangles.closest_point(corners, points.numpy())
    np.testing.assert_allclose(found.points.numpy(), theirs, atol=1e-9)


def test_ties_go_to_the_lowest_index_and_equal_triangles_cost_nothing():
    faces = ONE_FACE.repeat(5000, 1)
    found = closest_triangles(4 * cloud(200, 3), TRIANGLE, faces)
    assert not found.indices.any()


def test_a_batch_is_its_meshes_one_by_one():
    mesh = torus_mesh(9, 7)
    vertices = torch.from_numpy(mesh.vertices) * torch.tensor([1.0, 2.0, 0.5]).double()[:, None, None]
    faces, points = torch.from_numpy(mesh.faces), cloud(3, 50, 3)
    together = closest_triangles(points, vertices, faces)
    for b in range(3):
        for alone, all_of_them in zip(closest_triangles(points[b], vertices[b], faces), together):
            assert torch.equal(alone, all_of_them[b])


@pytest.mark.parametrize("threads", [1, 2])
def test_many_queries_in_tasks(threads):
    mesh = icosphere(2)
    points = cloud(5000, 3)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = closest_triangles(points, torch.from_numpy(mesh.vertices), torch.from_numpy(mesh.faces))
    finally:
        torch.set_num_threads(before)
    squared, _, _ = igl.point_mesh_squared_distance(points.numpy(), mesh.vertices, mesh.faces)
    np.testing.assert_allclose(found.squared_distances.numpy(), squared, rtol=1e-10, atol=1e-18)


@given(st.integers(0, 10_000), st.floats(-10, 10), st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_moves_and_scales_with_the_shapes(seed, shift, scale):
    vertices, faces = soup(20, seed)
    points, rotation = cloud(30, 3, seed=seed + 2), torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    before = closest_triangles(points, vertices, faces)
    after = closest_triangles(scale * points @ rotation + shift, scale * vertices @ rotation + shift, faces)
    torch.testing.assert_close(after.squared_distances, scale**2 * before.squared_distances, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("output", ["squared_distances", "points"])
def test_first_and_second_derivatives_in_every_region(output):
    points = torch.tensor([point for point, _ in REGIONS], dtype=torch.float64) + 0.01 * cloud(len(REGIONS), 3)
    vertices = TRIANGLE + 0.01 * cloud(3, 3, seed=1)

    def distances(points, vertices):
        return getattr(closest_triangles(points, vertices, ONE_FACE), output)

    arguments = points.requires_grad_(), vertices.requires_grad_()
    assert torch.autograd.gradcheck(distances, arguments)
    assert torch.autograd.gradgradcheck(distances, arguments)


def test_gradients_of_degenerate_triangles_are_those_of_segments_and_points():
    vertices = torch.tensor([[0.0, 0, 0], [2, 0, 0], [2, 0, 0], [0, 0, 9]], dtype=torch.float64, requires_grad=True)
    points = torch.tensor([[1.0, 3, 0], [0, 1, 9]], dtype=torch.float64, requires_grad=True)
    found = closest_triangles(points, vertices, torch.tensor([[0, 1, 2], [3, 3, 3]]))
    at_points, at_vertices = torch.autograd.grad(found.squared_distances.sum(), (points, vertices))
    assert at_points.tolist() == [[0, 6, 0], [0, 2, 0]]
    assert at_vertices.sum(0).tolist() == [0, -8, 0]
    assert at_vertices[0].tolist() == [0, -3, 0]
    assert at_vertices[3].tolist() == [0, -2, 0]


def test_gradient_on_the_surface_is_zero():
    vertices = TRIANGLE.float().requires_grad_()
    points = torch.tensor([[1.0, 1, 0], [2, 0, 0], [2, 2, 0], [4, 0, 0]], requires_grad=True)
    found = closest_triangles(points, vertices, ONE_FACE)
    assert found.squared_distances.tolist() == [0] * 4
    for gradient in torch.autograd.grad(found.squared_distances.sum(), (points, vertices)):
        assert torch.equal(gradient, torch.zeros_like(gradient))


def test_digits_survive_far_from_the_origin():
    points, vertices = cloud(50, 3) * 1e-3, cloud(9, 3, seed=1) * 1e-3
    faces = torch.arange(9).reshape(3, 3)
    near, far = closest_triangles(points, vertices, faces), closest_triangles(points + 1e6, vertices + 1e6, faces)
    torch.testing.assert_close(far.squared_distances, near.squared_distances, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_back_as_float32(dtype):
    points = torch.tensor([[0.0, 0, 300]], dtype=dtype, requires_grad=True)
    found = closest_triangles(points, TRIANGLE.to(dtype), ONE_FACE)
    assert found.squared_distances.dtype == torch.float32
    assert found.squared_distances.item() == 90_000.0  # float16 ends at 65,504
    found.squared_distances.sum().backward()
    assert points.grad.tolist() == [[0, 0, 600]]


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_no_points_give_an_empty_result_with_a_graph(shape):
    points = torch.zeros(shape, requires_grad=True)
    found = closest_triangles(points, torch.zeros(*shape[:-2], 3, 3), ONE_FACE)
    assert found.squared_distances.shape == found.indices.shape == shape[:-1]
    found.squared_distances.sum().backward()
    assert points.grad.shape == shape


def test_vertices_of_no_face_may_be_anything():
    vertices = torch.cat([TRIANGLE, torch.full((1, 3), torch.nan, dtype=torch.float64)]).requires_grad_()
    found = closest_triangles(cloud(5, 3), vertices, ONE_FACE)
    found.squared_distances.sum().backward()
    assert torch.isfinite(found.squared_distances).all()
    assert vertices.grad[3].tolist() == [0, 0, 0]


def test_the_compiler_sees_one_graph():
    points, vertices = cloud(2, 12, 3).requires_grad_(), cloud(2, 9, 3, seed=1)
    faces = torch.arange(9).reshape(3, 3)

    def loss(points, vertices):
        return closest_triangles(points, vertices, faces).squared_distances.mean()

    compiled = torch.compile(loss, backend="eager", fullgraph=True)
    expected, actual = loss(points, vertices), compiled(points, vertices)
    assert torch.equal(actual, expected)
    assert torch.equal(torch.autograd.grad(actual, points)[0], torch.autograd.grad(expected, points)[0])


def test_the_operator_keeps_its_promises_to_pytorch():
    torch.library.opcheck(closest_triangle_indices, (cloud(2, 7, 3), cloud(2, 3, 3), [1, 1]))


GOOD = torch.zeros(2, 4, 3)


@pytest.mark.parametrize(
    ("points", "vertices", "faces", "message"),
    [
        (torch.zeros(4, 3), GOOD, ONE_FACE, r"points must have shape \(2, N, 3\) like vertices, got \(4, 3\)"),
        (GOOD[:1], GOOD, ONE_FACE, r"points must have shape \(2, N, 3\) like vertices, got \(1, 4, 3\)"),
        (GOOD[..., :2], GOOD, ONE_FACE, r"points must have shape \(2, N, 3\) like vertices, got \(2, 4, 2\)"),
        (GOOD.double(), GOOD, ONE_FACE, r"share dtype and device, got torch.float64 on cpu and torch.float32 on cpu"),
        (GOOD, GOOD, ONE_FACE[:0], r"faces must hold at least one triangle"),
        (GOOD, GOOD, ONE_FACE + 2, "faces must index vertices 0 to 3, got 2 to 4"),
        (GOOD, GOOD, ONE_FACE.float(), "faces must be integers"),
        (GOOD * torch.nan, GOOD, ONE_FACE, "points has non-finite coordinates"),
        (GOOD, GOOD + torch.inf, ONE_FACE, "vertices has non-finite coordinates"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(points, vertices, faces, message):
    with pytest.raises(ValueError, match=f"^closest_triangles: .*{message}"):
        closest_triangles(points, vertices, faces)

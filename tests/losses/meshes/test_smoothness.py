"""Laplacian and adjacent-normal losses, against naive loops, libigl and trimesh."""

import igl
import numpy as np
import pytest
import torch
import trimesh

from diffshape.data import box_mesh, icosphere, torus_mesh
from diffshape.losses import adjacent_normal_loss, laplacian_loss

HINGE = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
BALL_FACES = torch.from_numpy(icosphere(1).faces)
LOSSES = {
    "uniform": laplacian_loss,
    "cotangent": lambda v, f, **options: laplacian_loss(v, f, weighting="cotangent", **options),
    "curvature": lambda v, f, **options: laplacian_loss(v, f, weighting="curvature", **options),
    "plain": lambda v, f, **options: laplacian_loss(v, f, squared=False, **options),
    "normals": adjacent_normal_loss,
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def balls(batch=2, seed=0, size=0.05):
    return torch.from_numpy(icosphere(1).vertices) + size * noise(batch, 42, 3, seed=seed)


def naive_laplacian(vertices, faces, kind):
    """The matrix by loops: L v = sum_j w_ij (v_j - v_i) / sum_j w_ij."""
    weights = np.zeros((len(vertices), len(vertices)))
    for face in faces:
        for turn in range(3):
            i, j, k = np.roll(face, -turn)
            a, b = vertices[i] - vertices[k], vertices[j] - vertices[k]
            cotangent = a @ b / np.linalg.norm(np.cross(a, b))
            if kind == "uniform":
                weights[i, j] = weights[j, i] = 1
            else:
                weights[i, j] += cotangent
                weights[j, i] += cotangent
    weights = np.maximum(weights, 0)
    return weights / weights.sum(1, keepdims=True) - np.eye(len(vertices))


@pytest.mark.parametrize("kind", ["uniform", "cotangent"])
@pytest.mark.parametrize("size", [0.02, 0.2])
def test_laplacian_value_and_gradient_equal_a_naive_loop(kind, size):
    vertices = balls(1, size=size)[0].requires_grad_()
    loss = laplacian_loss(vertices, BALL_FACES, weighting=kind)
    (gradient,) = torch.autograd.grad(loss, vertices)
    matrix = naive_laplacian(vertices.detach().numpy(), BALL_FACES.numpy(), kind)
    pulled = matrix @ vertices.detach().numpy()
    assert loss.item() == pytest.approx((pulled**2).sum(1).mean(), rel=1e-10)
    np.testing.assert_allclose(gradient.numpy(), 2 * matrix.T @ pulled / 42, atol=1e-12)


def test_cotangent_laplacian_equals_libigl():
    sphere = icosphere(2)
    off = igl.cotmatrix(sphere.vertices, sphere.faces).toarray()
    np.fill_diagonal(off, 0)
    pulled = off @ sphere.vertices / off.sum(1, keepdims=True) - sphere.vertices
    loss = laplacian_loss(torch.from_numpy(sphere.vertices), torch.from_numpy(sphere.faces), weighting="cotangent")
    assert loss.item() == pytest.approx((pulled**2).sum(1).mean(), rel=1e-9)


@pytest.mark.parametrize("radius", [1.0, 4.0])
def test_curvature_weights_tell_the_curvature_of_a_sphere(radius):
    """A third of the mean curvature 1 / r, as every triangle is counted at three corners; 1 / (4 A) by hand below."""
    vertices, faces = (torch.from_numpy(part) for part in icosphere(3, radius=radius))
    loss = laplacian_loss(vertices, faces, weighting="curvature", squared=False)
    assert loss.item() == pytest.approx(1 / (3 * radius), rel=2e-3)
    assert laplacian_loss(vertices, faces, weighting="curvature").item() == pytest.approx(1 / (9 * radius**2), rel=4e-3)


def test_curvature_weights_by_hand():
    """An octahedron: at each corner eight angles of 60 degrees, four edges; area 4 sqrt 3 / 2."""
    corners = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]).double()
    faces = torch.tensor([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
    pull, area = 2 / np.sqrt(3) * 4, 4 * np.sqrt(3) / 2  # the four edges pull by 1 each along the axis
    loss = laplacian_loss(corners, faces, weighting="curvature", squared=False)
    assert loss.item() == pytest.approx(pull / (4 * area))
    vertices = corners.requires_grad_()
    (gradient,) = torch.autograd.grad(laplacian_loss(vertices, faces, weighting="curvature"), vertices)
    assert gradient[0, 0] > 0


@pytest.mark.parametrize("kind", ["uniform", "cotangent"])
def test_plain_lengths_equal_a_naive_loop(kind):
    vertices = balls(1)[0]
    pulled = naive_laplacian(vertices.numpy(), BALL_FACES.numpy(), kind) @ vertices.numpy()
    loss = laplacian_loss(vertices, BALL_FACES, weighting=kind, squared=False)
    assert loss.item() == pytest.approx(np.linalg.norm(pulled, axis=1).mean())


def test_plain_lengths_of_a_plane_have_a_finite_gradient():
    grid = torch.cartesian_prod(torch.arange(4.0), torch.arange(4.0), torch.zeros(1)).requires_grad_()
    cells = torch.tensor([4 * i + j for i in range(3) for j in range(3)])
    faces = torch.cat([torch.stack([cells, cells + 4, cells + 5], 1), torch.stack([cells, cells + 5, cells + 1], 1)])
    laplacian_loss(grid, faces, weighting="curvature", squared=False).backward()
    assert torch.isfinite(grid.grad).all()


def test_cotangent_weights_leave_an_uneven_plane_alone():
    """Inside a plane the cotangent Laplacian is 0 however the triangles lie; the uniform one is not."""
    ring = torch.tensor([0.0, 1.0, 2.2, 3.1, 4.0, 5.3])
    vertices = torch.cat([torch.tensor([[0.1, 0.2, 0.0]]), torch.stack([ring.cos(), ring.sin(), 0 * ring], 1)]).double()
    faces = torch.tensor([[0, 1 + k, 1 + (k + 1) % 6] for k in range(6)])

    def at_the_middle(kind):
        pulled = naive_laplacian(vertices.numpy(), faces.numpy(), kind) @ vertices.numpy()
        return np.linalg.norm(pulled[0])

    assert at_the_middle("cotangent") < 1e-12 < 1e-2 < at_the_middle("uniform")
    loss = laplacian_loss(vertices, faces, weighting="cotangent")
    matrix = naive_laplacian(vertices.numpy(), faces.numpy(), "cotangent")
    assert loss.item() == pytest.approx(((matrix @ vertices.numpy()) ** 2).sum(1).mean(), rel=1e-10)


def test_adjacent_normals_by_hand():
    flat = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, -1, 0]])
    two = torch.tensor([[0, 1, 2], [1, 0, 3]])
    assert adjacent_normal_loss(flat, two) == 0
    assert adjacent_normal_loss(HINGE, two) == 1
    assert adjacent_normal_loss(HINGE, torch.tensor([[0, 1, 2], [0, 1, 3]])) == 1  # whatever the winding
    folded = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    assert adjacent_normal_loss(folded, two) == 2
    box = box_mesh(1)
    loss = adjacent_normal_loss(*(torch.from_numpy(part) for part in box))
    assert loss.item() == pytest.approx(12 / 18)  # 12 right angles and 6 flat diagonals


@pytest.mark.parametrize("mesh", [icosphere(2), torus_mesh(12, 8)], ids=["sphere", "torus"])
def test_adjacent_normals_equal_trimesh(mesh):
    angles = trimesh.Trimesh(*mesh, process=False).face_adjacency_angles
    loss = adjacent_normal_loss(*(torch.from_numpy(part) for part in mesh))
    assert loss.item() == pytest.approx((1 - np.cos(angles)).mean(), rel=1e-7)


def test_an_edge_of_many_faces_gives_all_pairs():
    angles = torch.tensor([0.0, 0.7, 2.0, 4.5], dtype=torch.float64)
    wings = torch.stack([torch.full_like(angles, 0.5), angles.cos(), angles.sin()], 1)
    vertices = torch.cat([torch.tensor([[0.0, 0, 0], [1, 0, 0]]).double(), wings])
    pairs = [1 + torch.cos(angles[i] - angles[j]) for i in range(4) for j in range(i)]
    loss = adjacent_normal_loss(vertices, torch.tensor([[0, 1, 2 + k] for k in range(4)]))
    torch.testing.assert_close(loss, torch.stack(pairs).mean())


def test_flat_meshes_keep_their_digits():
    """1 - cos of a fold by 1e-4 is 5e-9, below the rounding of cosines in float32."""
    fold = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 1e-4]])
    loss = adjacent_normal_loss(fold, torch.tensor([[0, 1, 2], [1, 0, 3]]))
    torch.testing.assert_close(loss.item(), 5e-9, rtol=1e-3, atol=0)


@pytest.mark.parametrize("loss", [LOSSES[name] for name in ("uniform", "cotangent", "plain", "normals")])
def test_descent_smooths(loss):
    vertices = balls(1, size=0.03)
    start = loss(vertices, BALL_FACES)
    for _ in range(20):
        vertices = vertices.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(vertices, BALL_FACES), vertices)
        vertices = vertices - 0.02 * gradient * 42 / (1 + gradient.norm())
    assert loss(vertices, BALL_FACES) < 0.9 * start


@every_loss
@pytest.mark.parametrize("size", [0.0, 1e-25, 1e-8])
def test_gradients_are_finite_where_a_mesh_collapses(loss, size):
    vertices = (size * HINGE).requires_grad_()
    value = loss(vertices, torch.tensor([[0, 1, 2], [1, 0, 3], [2, 2, 3]]))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(vertices.grad).all()


def test_slivers_have_bounded_cotangent_laplacians():
    vertices = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0.5, 1e-7, 0], [0.5, -1e-7, 0], [0.5, 1, 1]], requires_grad=True)
    faces = torch.tensor([[0, 1, 2], [1, 0, 3], [0, 2, 4], [1, 4, 2]])
    loss = laplacian_loss(vertices, faces, weighting="cotangent")
    loss.backward()
    assert 0 < loss <= 2  # the longest edge, squared
    assert vertices.grad.abs().max() < 10


@every_loss
def test_masked_nan_goes_nowhere(loss):
    vertices = balls()
    keep = torch.ones(2, 42, dtype=torch.bool)
    keep[0, 5] = keep[1, 30:] = False
    broken = torch.where(keep[..., None], vertices, torch.nan).requires_grad_()
    value = loss(broken, BALL_FACES, mask=keep)
    value.backward()
    assert torch.isfinite(value)
    assert value > 0
    assert torch.isfinite(broken.grad).all()
    assert not broken.grad[~keep].any()
    other = torch.where(keep[..., None], vertices, 1e3)
    assert torch.equal(loss(other, BALL_FACES, mask=keep), value)


def test_masked_vertices_take_their_faces_along():
    keep = torch.tensor([True, True, True, False])
    two = torch.tensor([[0, 1, 2], [1, 0, 3]])
    assert adjacent_normal_loss(HINGE, two, mask=keep) == 0  # one face is left, and no pair
    expected = laplacian_loss(HINGE[:3], two[:1])
    torch.testing.assert_close(laplacian_loss(HINGE, two, mask=keep), expected)


@every_loss
def test_nothing_is_zero(loss):
    value = loss(torch.zeros(2, 0, 3, requires_grad=True), BALL_FACES[:0])
    value.backward()
    assert value == 0
    lonely = torch.randn(5, 3, requires_grad=True)
    value = loss(lonely, BALL_FACES[:0])
    value.backward()
    assert value == 0
    assert not lonely.grad.any()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    vertices = (300 * balls()).to(dtype)
    value = loss(vertices, BALL_FACES)
    assert value.dtype == torch.float32
    assert torch.equal(value, loss(vertices.float(), BALL_FACES))


@every_loss
def test_the_compiler_sees_one_graph(loss):
    vertices = balls()
    compiled = torch.compile(lambda v, f: loss(v, f), backend="eager", fullgraph=True)
    assert torch.equal(compiled(vertices, BALL_FACES), loss(vertices, BALL_FACES))


@pytest.mark.parametrize("loss", [laplacian_loss, adjacent_normal_loss])
@pytest.mark.parametrize(
    ("vertices", "faces", "options", "message"),
    [
        (HINGE[..., :2], BALL_FACES[:0], {}, r"vertices must be floats of shape \(V, 3\) .* got \(4, 2\)"),
        (HINGE, torch.tensor([[0, 1, 4]]), {}, "faces must index vertices 0 to 3, got 0 to 4"),
        (HINGE, torch.tensor([[0, 1, 2]]), {"mask": torch.ones(4)}, "mask must be boolean"),
        (HINGE[None], torch.tensor([[0, 1, 2]]), {"mask": torch.ones(4).bool()}, r"mask must have shape \(1, 4\)"),
    ],
)
def test_bad_input(loss, vertices, faces, options, message):
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {message}"):
        loss(vertices, faces, **options)


def test_bad_options():
    with pytest.raises(ValueError, match="weighting must be one of 'uniform', 'cotangent', 'curvature', got 'mean'"):
        laplacian_loss(HINGE, torch.tensor([[0, 1, 2]]), weighting="mean")
    with pytest.raises(ValueError, match="reduction must be"):
        adjacent_normal_loss(HINGE, torch.tensor([[0, 1, 2]]), reduction="batch")

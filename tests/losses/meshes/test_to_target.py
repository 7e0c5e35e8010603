"""Vertex, face-normal, edge-length and combined mesh losses: hand values, derivatives, invariances, awkward meshes."""

import igl
import numpy as np
import pytest
import torch

from diffshape import losses
from diffshape.data import icosphere
from diffshape.losses import edge_length_loss, face_normal_loss, mesh_loss, vertex_loss

SQUARE = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
FACES = torch.tensor([[0, 1, 2], [0, 2, 3]])
BALL_FACES = torch.from_numpy(icosphere(1).faces)


def vertex(pred, target, faces, **options):
    return vertex_loss(pred, target, **options)


def total(pred, target, faces, **options):
    return mesh_loss(pred, target, faces, **options).total


LOSSES = {"vertex": vertex, "normal": face_normal_loss, "edge": edge_length_loss, "mesh": total}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def balls(batch=2, seed=0):
    """Two batches of noisy spheres."""
    ball = torch.from_numpy(icosphere(1).vertices)
    return ball + 0.05 * noise(batch, 42, 3, seed=seed), ball + 0.05 * noise(batch, 42, 3, seed=seed + 1)


def test_vertex_values_by_hand():
    moved = SQUARE + torch.tensor([[0.0, 0, 2], [0, 0, 0], [0, 0, 0], [3, 4, 0]])
    assert vertex_loss(moved, SQUARE) == (4 + 25) / 4
    assert vertex_loss(torch.stack([moved, SQUARE]), torch.stack([SQUARE] * 2), reduction="none").tolist() == [7.25, 0]


def test_normal_values_by_hand():
    folded = SQUARE.clone()
    folded[3] = torch.tensor([0.0, 0, 0]) + torch.tensor([0.5, 0.5, 2**0.5 / 2])  # half turned up by a right angle
    torch.testing.assert_close(face_normal_loss(folded, SQUARE, FACES), torch.tensor(0.5))
    assert face_normal_loss(SQUARE, SQUARE * torch.tensor([1, -1, 1]), FACES) == 2
    assert face_normal_loss(SQUARE, SQUARE, FACES) == 0


def test_normal_digits_near_zero():
    """1 - cos in float32 is 0 or 6e-8 where the right value is 5e-9."""
    tilt = torch.tensor(1e-4, dtype=torch.float64)
    turned = SQUARE.double() @ torch.tensor([[1, 0, 0], [0, tilt.cos(), tilt.sin()], [0, -tilt.sin(), tilt.cos()]])
    loss = face_normal_loss(turned.float(), SQUARE, FACES)
    torch.testing.assert_close(loss.item(), 5e-9, rtol=1e-2, atol=0)


def test_edge_values_by_hand_with_the_diagonal_once():
    edges = [1, 1, 1, 1, 2**0.5]
    expected = sum(edge**2 for edge in edges) / 5  # every edge is longer by its own length
    torch.testing.assert_close(edge_length_loss(2 * SQUARE, SQUARE, FACES), torch.tensor(expected))
    batched = edge_length_loss((3 * SQUARE)[None], SQUARE[None], FACES)  # a known library: 0 here, and a NaN gradient
    torch.testing.assert_close(batched, torch.tensor(4 * expected))


def test_mesh_loss_is_its_weighted_parts():
    pred, target = balls()
    terms = mesh_loss(pred, target, BALL_FACES, vertex_weight=0.5, normal_weight=1.0, edge_weight=0.1)
    parts = {name: LOSSES[name](pred, target, BALL_FACES) for name in ("vertex", "normal", "edge")}
    assert list(terms.parts) == ["vertex", "normal", "edge"]
    for name, part in parts.items():
        assert torch.equal(terms.parts[name], part)
        assert part > 0
    torch.testing.assert_close(terms.total, 0.5 * parts["vertex"] + parts["normal"] + 0.1 * parts["edge"])


def test_normals_equal_libigl():
    pred, target = balls(1)
    ours = face_normal_loss(pred[0], target[0], BALL_FACES)
    one, two = (igl.per_face_normals(mesh[0].numpy(), BALL_FACES.numpy(), np.zeros(3)) for mesh in (pred, target))
    assert ours.item() == pytest.approx(1 - (one * two).sum(1).mean(), abs=1e-12)


def test_edge_lengths_equal_libigl():
    pred, target = balls(1)
    edges = igl.edges(BALL_FACES.numpy())
    one, two = (np.linalg.norm(np.diff(mesh[0].numpy()[edges], axis=1)[:, 0], axis=1) for mesh in (pred, target))
    ours = edge_length_loss(pred[0], target[0], BALL_FACES)
    assert ours.item() == pytest.approx(((one - two) ** 2).mean(), rel=1e-12)


@every_loss
@pytest.mark.parametrize("size", [0.0, 1e-20, 1e-8])
def test_gradients_are_finite_where_a_mesh_collapses(loss, size):
    pred = (size * SQUARE).requires_grad_()
    for target in (SQUARE, size * SQUARE):
        (gradient,) = torch.autograd.grad(loss(pred, target, FACES), pred)
        assert torch.isfinite(gradient).all()


def test_a_degenerate_face_is_left_out_of_the_mean():
    faces = torch.cat([FACES, torch.tensor([[0, 0, 1], [2, 2, 2]])])
    pred, target = balls(1)
    pred, target = pred[:, :4].requires_grad_(), target[:, :4]
    for loss in (face_normal_loss, edge_length_loss):  # nor has it a new edge
        torch.testing.assert_close(loss(pred, target, faces), loss(pred, target, FACES))
    line = torch.tensor([[0.0, 0, 0], [1, 1, 1], [2, 2, 2], [0, 1, 0]], requires_grad=True)
    loss = face_normal_loss(line, SQUARE, FACES[:1])
    loss.backward()
    assert loss == 0
    assert torch.equal(line.grad, torch.zeros(4, 3))


def test_edges_towards_a_length_by_hand():
    edges = [1, 1, 1, 1, 2**0.5]
    for length in (0, 0.25, 1.0):
        expected = sum((edge - length) ** 2 for edge in edges) / 5
        torch.testing.assert_close(edge_length_loss(SQUARE, length, FACES), torch.tensor(expected))
    batch = torch.stack([SQUARE, 3 * SQUARE])
    each = edge_length_loss(batch, 0.0, FACES, reduction="none")
    torch.testing.assert_close(each, torch.tensor([6 / 5, 9 * 6 / 5]))


def test_edges_towards_a_length_have_derivatives_and_grow_to_it():
    vertices = balls(1)[0].requires_grad_()
    assert torch.autograd.gradcheck(lambda v: edge_length_loss(v, 0.4, BALL_FACES), vertices)
    assert torch.autograd.gradgradcheck(lambda v: edge_length_loss(v, 0.4, BALL_FACES), vertices)
    collapsed = torch.zeros(4, 3, requires_grad=True)
    loss = edge_length_loss(collapsed, 0.5, FACES)
    loss.backward()
    assert (loss.item(), collapsed.grad.any().item()) == (0.25, False)
    start = edge_length_loss(vertices, 1.0, BALL_FACES)
    (gradient,) = torch.autograd.grad(start, vertices)
    assert edge_length_loss(vertices - gradient, 1.0, BALL_FACES) < start


@pytest.mark.parametrize("length", [-0.1, float("nan"), float("inf")])
def test_lengths_that_are_none(length):
    with pytest.raises(
        ValueError, match=r"^edge_length_loss: target must be vertices or a length, 0 or more and finite"
    ):
        edge_length_loss(SQUARE, length, FACES)


@pytest.mark.parametrize("target", ["short", None])
def test_targets_that_are_none(target):
    with pytest.raises(TypeError, match=r"^edge_length_loss: target must be a Tensor or a number, got"):
        edge_length_loss(SQUARE, target, FACES)


def test_an_edge_is_real_if_its_vertices_are():
    keep = torch.tensor([True, True, True, False])
    broken = torch.where(keep[:, None], 2 * SQUARE, torch.nan)
    torch.testing.assert_close(edge_length_loss(broken, SQUARE, FACES, mask=keep), torch.tensor(4 / 3))


@every_loss
def test_nothing_is_zero(loss):
    empty = torch.zeros(2, 0, 3, requires_grad=True)
    value = loss(empty, empty, FACES[:0])
    value.backward()
    assert value == 0
    pred = torch.full((4, 3), torch.nan, requires_grad=True)
    value = loss(pred, SQUARE, FACES, mask=torch.zeros(4, dtype=torch.bool))
    value.backward()
    assert value == 0
    assert not pred.grad.any()


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(loss, dtype):
    pred, target = (each.to(dtype) for each in balls())
    value = loss(300 * pred, 300 * target, BALL_FACES)
    assert value.dtype == torch.float32
    assert torch.equal(value, loss((300 * pred).float(), (300 * target).float(), BALL_FACES))


@every_loss
def test_the_compiler_sees_one_graph(loss):
    pred, target = balls()
    compiled = torch.compile(lambda p, t, f: loss(p, t, f), backend="eager", fullgraph=True)
    assert torch.equal(compiled(pred, target, BALL_FACES), loss(pred, target, BALL_FACES))


@pytest.mark.parametrize("loss", [face_normal_loss, edge_length_loss, mesh_loss])
@pytest.mark.parametrize(
    ("pred", "target", "faces", "options", "message"),
    [
        (SQUARE, SQUARE[None], FACES, {}, r"target must have shape \(4, 3\) like pred, got \(1, 4, 3\)"),
        (SQUARE[..., :2], SQUARE[..., :2], FACES, {}, r"pred must be floats of shape \(V, 3\) .* got \(4, 2\)"),
        (SQUARE, SQUARE.double(), FACES, {}, "pred and target must share dtype and device"),
        (SQUARE, SQUARE, FACES + 1, {}, "faces must index vertices 0 to 3, got 1 to 4"),
        (SQUARE, SQUARE, FACES.float(), {}, "faces must be integers"),
        (SQUARE, SQUARE, FACES, {"mask": torch.ones(4)}, "mask must be boolean"),
        (SQUARE, SQUARE, FACES, {"mask": torch.ones(3, dtype=torch.bool)}, r"mask must have shape \(4,\)"),
    ],
)
def test_bad_input(loss, pred, target, faces, options, message):
    with pytest.raises(ValueError, match=f"^{loss.__name__}: {message}"):
        loss(pred, target, faces, **options)


def test_bad_options():
    with pytest.raises(ValueError, match=r"^vertex_loss: target must have shape \(4, 3\) like pred, got \(1, 3\)"):
        vertex_loss(SQUARE, SQUARE[:1])
    with pytest.raises(ValueError, match="reduction must be"):
        mesh_loss(SQUARE, SQUARE, FACES, reduction="batch")
    with pytest.raises(ValueError, match="mesh_loss: edge_weight must be 0 or more, got -1"):
        mesh_loss(SQUARE, SQUARE, FACES, edge_weight=-1)


MESH_LOSSES = {
    "vertex": lambda v, target, faces, **options: losses.vertex_loss(v, target, **options),
    "normal": losses.face_normal_loss,
    "edge": losses.edge_length_loss,
    "mesh": lambda *arguments, **options: losses.mesh_loss(*arguments, **options).total,
    "adjacent": lambda v, target, faces, **options: losses.adjacent_normal_loss(v, faces, **options),
    "uniform": lambda v, target, faces, **options: losses.laplacian_loss(v, faces, **options),
    "cotangent": lambda v, target, faces, **options: losses.laplacian_loss(v, faces, weighting="cotangent", **options),
}


@pytest.mark.parametrize("name", MESH_LOSSES)
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_vertex_that_is_not_finite_is_refused_unless_it_is_masked(name, bad):
    sphere = icosphere(0)
    good, faces = torch.as_tensor(sphere.vertices).float(), torch.as_tensor(sphere.faces).long()
    for spoilt in (slice(5, 6), slice(None)):
        vertices = good.clone()
        vertices[spoilt, 0] = bad
        with pytest.raises(ValueError, match=r"(pred|vertices) has non-finite coordinates; remove or mask"):
            MESH_LOSSES[name](vertices, good, faces)
    mask = torch.arange(len(good)) != 5
    vertices = good.clone()
    vertices[5] = bad
    vertices.requires_grad_()
    value = MESH_LOSSES[name](vertices, 1.1 * good, faces, mask=mask)
    torch.testing.assert_close(value, MESH_LOSSES[name](good, 1.1 * good, faces, mask=mask))
    assert torch.autograd.grad(value, vertices)[0].isfinite().all()


def test_a_prediction_in_half_precision_meets_a_target_in_float32():
    pred, target = torch.ones(3, 3, dtype=torch.bfloat16), torch.zeros(3, 3)
    assert losses.vertex_loss(pred, target) == 3

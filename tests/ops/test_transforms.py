"""The derivatives of ``torch.func`` and of dual numbers are those of ``backward``, and of a central difference."""

import pytest
import torch
from torch.autograd import forward_ad

from diffshape import fields, losses, ops
from diffshape.data import icosphere

SIZE = 12


def cloud(seed):
    return torch.randn(SIZE, 3, generator=torch.Generator().manual_seed(seed)).double()


X, Y, TANGENT = cloud(0), cloud(1), cloud(2)
SPHERE = icosphere(0)  # 12 vertices
VERTICES, FACES = torch.as_tensor(SPHERE.vertices).double(), torch.as_tensor(SPHERE.faces).long()
PACK = ops.pack_meshes([(VERTICES, FACES), (VERTICES[:6], FACES[(FACES < 6).all(1)])])
MASK = torch.arange(SIZE) < SIZE - 3


def shaken(x):
    return VERTICES + x / 10


def packed(x):
    return torch.cat([shaken(x), shaken(x)[:6]])


POINT_LOSSES = {
    "chamfer": losses.chamfer_distance,
    "chamfer, masked": lambda x, y: losses.chamfer_distance(x, y, squared=False, x_mask=MASK, y_mask=MASK.flip(0)),
    "hausdorff": losses.hausdorff_distance,
    "density-aware": lambda x, y: losses.density_aware_chamfer_distance(x, y, alpha=1.0),
    "softmin": losses.soft_chamfer_distance,
    "expectation": lambda x, y: losses.soft_chamfer_distance(x, y, mode="expectation"),
    "sinkhorn": lambda x, y: losses.sinkhorn_divergence(x, y, blur=1.0, tolerance=1e-10),
    "earth mover": losses.earth_mover_distance,
    "point to mesh": lambda x, y: losses.point_to_mesh_distance(x, VERTICES, FACES),
    "neighbours": lambda x, y: ops.nearest_neighbors(x, y, k=2).squared_distances.sum(),
    "edges": lambda x, y: losses.edge_length_loss(shaken(x), VERTICES, FACES),
    "face normals": lambda x, y: losses.face_normal_loss(shaken(x), VERTICES, FACES),
    "edges to a length": lambda x, y: losses.edge_length_loss(shaken(x), 0.3, FACES),
    "lengths of the laplacian": lambda x, y: losses.laplacian_loss(shaken(x), FACES, squared=False),
    "mesh to points": lambda x, y: losses.mesh_to_points_distance(y, shaken(x), FACES),
    "signed distances": lambda x, y: ops.signed_distance(y, shaken(x), FACES).square().sum(),
    "places on a mesh": lambda x, y: ops.closest_triangles(y, shaken(x), FACES).points.square().sum(),
    "samples": lambda x, y: ops.sample_surface(
        shaken(x), FACES, 5, generator=torch.Generator().manual_seed(0)
    ).points.sum(),
    "laplacian of a pack": lambda x, y: losses.laplacian_loss(packed(x), PACK.faces),
    "adjacent normals of a pack": lambda x, y: losses.adjacent_normal_loss(packed(x), PACK.faces),
    "mesh loss of a pack": lambda x, y: losses.mesh_loss(packed(x), PACK.vertices, PACK.faces).total,
    "pack to points": lambda x, y: losses.mesh_to_points_distance(y.reshape(2, 6, 3), packed(x), PACK.faces),
    "adaptive wing": lambda x, y: losses.adaptive_wing_loss(x, y.sigmoid()),
}
FIELDS = {
    "hash grid": lambda: fields.HashGrid(levels=2, finest=16, width=16),
    "hash grid, relu": lambda: fields.HashGrid(levels=2, finest=16, width=16, beta=float("inf")),
    "feature grid": lambda: fields.FeatureGrid(levels=2, finest=16),
    "mlp": lambda: fields.MLP(width=16, hidden_layers=2, skip=()),
    "siren": lambda: fields.Siren(width=16, start="multi-frequency"),
}


def assert_every_way_agrees(function):
    numeric = (function(X + 1e-6 * TANGENT) - function(X - 1e-6 * TANGENT)) / 2e-6
    leaf = X.clone().requires_grad_()
    backward = (torch.autograd.grad(function(leaf), leaf)[0] * TANGENT).sum()
    torch.testing.assert_close(backward, numeric, rtol=1e-4, atol=1e-6)
    value, forward = torch.func.jvp(function, (X,), (TANGENT,))
    with forward_ad.dual_level():
        dual = forward_ad.unpack_dual(function(forward_ad.make_dual(X, TANGENT))).tangent
    for found in (forward, dual, (torch.func.grad(function)(X) * TANGENT).sum()):
        torch.testing.assert_close(found, backward, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(value, function(X))


@pytest.mark.parametrize("name", POINT_LOSSES)
def test_a_loss_has_its_derivative_in_every_way(name):
    assert_every_way_agrees(lambda x: POINT_LOSSES[name](x, Y))


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_has_its_derivative_in_every_way(name):
    field = FIELDS[name]().double()
    assert_every_way_agrees(lambda x: field(x / 5).square().sum())
    values, gradients = field.value_and_gradient(X / 5)
    under_vmap = torch.vmap(field.value_and_gradient)(X / 5)
    torch.testing.assert_close(under_vmap, (values, gradients))


def test_the_hessian_of_chamfer_is_that_of_double_backward():
    leaf = X.clone().requires_grad_()
    gradient = torch.autograd.grad(losses.chamfer_distance(leaf, Y, squared=False), leaf, create_graph=True)[0]
    expected = torch.autograd.grad((gradient * TANGENT).sum(), leaf)[0]
    distance = torch.func.grad(lambda x: losses.chamfer_distance(x, Y, squared=False))
    torch.testing.assert_close(torch.func.jvp(distance, (X,), (TANGENT,))[1], expected)


def test_parameters_have_derivatives_by_functional_call():
    field = FIELDS["hash grid"]()
    points = (X / 5).float()
    field(points).square().sum().backward()
    found = torch.func.grad(lambda parameters: torch.func.functional_call(field, parameters, points).square().sum())(
        dict(field.named_parameters())
    )
    for name, parameter in field.named_parameters():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-4, atol=1e-6)


def test_a_field_on_a_grid_has_a_gradient_of_its_gradient_inside_the_box():
    points = (X / 5).requires_grad_()
    _, gradients = FIELDS["feature grid"]().double().value_and_gradient(points)
    assert torch.autograd.grad(gradients.square().sum(), points)[0].isfinite().all()

import pytest
import torch

from diffshape.losses import surface_to_points_loss


def directions(count, seed=0):
    made = torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(made, dim=-1)


def on_a_sphere(count=40):
    """Radius, unit normals, points on the sphere about the origin, and targets near them."""
    radius = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    normal = directions(count)
    x = (radius * normal).detach()
    return radius, normal, x, x + 0.1 * directions(count, seed=1)


def test_growing_sphere_gives_mean_of_normal_times_pull():
    radius, normal, x, p = on_a_sphere()
    loss = surface_to_points_loss(x.norm(dim=-1) - radius, normal, x, p)
    loss.backward()
    pull = torch.nn.functional.normalize(x - p, dim=-1)
    torch.testing.assert_close(loss, (x - p).norm(dim=-1).mean())
    torch.testing.assert_close(radius.grad, (normal * pull).sum(-1).mean())


@pytest.mark.parametrize("squared", [False, True])
def test_growing_sphere_by_finite_differences(squared):
    radius, normal, x, p = on_a_sphere()

    def exact(r):
        offset = r * normal - p
        return (offset.square().sum(-1) if squared else offset.norm(dim=-1)).mean()

    surface_to_points_loss(x.norm(dim=-1) - radius, normal, x, p, squared=squared).backward()
    expected = (exact(0.8 + 1e-6) - exact(0.8 - 1e-6)) / 2e-6
    torch.testing.assert_close(radius.grad, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("scale", [0.01, 3.0, -2.0])
@pytest.mark.parametrize("squared", [False, True])
def test_only_the_level_set_counts_not_the_size_or_sign_of_the_field(scale, squared):
    radius, normal, x, p = on_a_sphere()
    results = []
    for factor in (1.0, scale):
        loss = surface_to_points_loss(factor * (x.norm(dim=-1) - radius), factor * normal, x, p, squared=squared)
        results.append((loss, *torch.autograd.grad(loss, radius)))
    torch.testing.assert_close(*results)


def test_descent_shrinks_a_sphere_onto_its_data():
    radius = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    normal = directions(30)
    for _ in range(60):
        x = (radius * normal).detach()
        loss = surface_to_points_loss(x.norm(dim=-1) - radius, normal, x, 0.5 * normal, squared=True)
        (slope,) = torch.autograd.grad(loss, radius)
        radius = (radius - 0.2 * slope).detach().requires_grad_()
    assert abs(radius.item() - 0.5) < 1e-6


def test_reductions_and_leading_shapes():
    radius, normal, x, p = on_a_sphere(24)
    values = x.norm(dim=-1) - radius
    each = surface_to_points_loss(values, normal, x, p, reduction="none")
    torch.testing.assert_close(each, (x - p).norm(dim=-1))
    torch.testing.assert_close(surface_to_points_loss(values, normal, x, p, reduction="sum"), each.sum())
    shaped = [tensor.reshape(2, 12, 3) for tensor in (normal, x, p)]
    torch.testing.assert_close(surface_to_points_loss(values.reshape(2, 12), *shaped), each.mean())


def test_masked_nan_goes_nowhere():
    radius, normal, x, p = on_a_sphere(6)
    keep = torch.tensor([True, True, False, True, False, False])
    values = x.norm(dim=-1) - radius
    expected = surface_to_points_loss(values[keep], normal[keep], x[keep], p[keep])
    expected_slope = torch.autograd.grad(expected, radius, retain_graph=True)
    broken = [torch.where(keep[:, None], tensor, torch.nan) for tensor in (normal, x, p)]
    loss = surface_to_points_loss(torch.where(keep, values, torch.nan), *broken, mask=keep)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(torch.autograd.grad(loss, radius), expected_slope)


def test_no_valid_point_is_zero_with_zero_gradient():
    radius, normal, x, p = on_a_sphere(5)
    values = x.norm(dim=-1) - radius
    loss = surface_to_points_loss(values, normal, x, p, mask=torch.zeros(5, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert radius.grad == 0
    empty = torch.zeros(0, 3)
    assert surface_to_points_loss(torch.zeros(0), empty, empty, empty) == 0


def test_wrong_shapes_are_named():
    x = torch.zeros(4, 3)
    with pytest.raises(ValueError, match=r"field_values must have shape \(4,\) like surface_points .* got \(4, 1\)"):
        surface_to_points_loss(torch.zeros(4, 1), x, x, x)
    with pytest.raises(ValueError, match=r"gradients must have shape \(4, 3\) like surface_points, got \(3,\)"):
        surface_to_points_loss(torch.zeros(4), torch.zeros(3), x, x)
    with pytest.raises(ValueError, match=r"nearest_points must have shape \(4, 3\)"):
        surface_to_points_loss(torch.zeros(4), x, x, torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\)"):
        surface_to_points_loss(torch.zeros(4), x, x, x, mask=torch.ones(1, dtype=torch.bool))

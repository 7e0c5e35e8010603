from functools import partial

import pytest
import torch

from diffshape.losses import implicit_distance

implicit_distances = partial(implicit_distance, reduction="none")


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def sphere(radius):
    """No distance: |x|^2 - r^2."""
    return lambda x: x.square().sum(-1) - radius**2


def torus(major, minor):
    """A bent version of the torus distance, with the same zero level set."""

    def field(x):
        distance = ((x[..., :2].norm(dim=-1) - major).square() + x[..., 2].square()).sqrt() - minor
        return distance * (1.5 + 0.3 * x[..., 2]) + distance.square()

    return field


def near_torus(count, seed=0):
    """Points 0.05 to 0.15 from the tube of a (1, 0.4) torus, inside and outside, with their signed distances."""
    generator = torch.Generator().manual_seed(seed)
    turn, around = 6.2832 * torch.rand(2, count, dtype=torch.float64, generator=generator)
    signed = (0.05 + 0.1 * torch.rand(count, dtype=torch.float64, generator=generator)) * torch.sign(turn - 3)
    ring = 1 + (0.4 + signed) * around.cos()
    return torch.stack([ring * turn.cos(), ring * turn.sin(), (0.4 + signed) * around.sin()], dim=-1), signed


@pytest.mark.parametrize("squared", [False, True])
def test_sphere_is_exact_with_its_derivative(squared):
    radius = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    directions = torch.nn.functional.normalize(random(20, 3), dim=-1)
    points = directions * torch.linspace(0.4, 1.1, 20, dtype=torch.float64)[:, None]
    result = implicit_distances(sphere(radius), points, iterations=6, squared=squared)
    expected = (points.norm(dim=-1) - radius).abs()
    expected = expected.square() if squared else expected
    assert result.valid.all()
    torch.testing.assert_close(result.distance, expected)
    torch.testing.assert_close(result.closest, (radius * directions).detach())
    weights = random(20, seed=1)
    got = torch.autograd.grad((result.distance * weights).sum(), radius)
    torch.testing.assert_close(got, torch.autograd.grad((expected * weights).sum(), radius))


def test_plane_is_exact_with_its_derivative():
    theta = torch.tensor([0.5, -1.0, 2.0, 0.3], dtype=torch.float64, requires_grad=True)
    points = random(10, 3)
    result = implicit_distances(lambda x: x @ theta[:3] - theta[3], points)
    expected = (points @ theta[:3] - theta[3]).abs() / theta[:3].norm()
    assert result.valid.all()
    torch.testing.assert_close(result.distance, expected)
    got = torch.autograd.grad(result.distance.mean(), theta)
    torch.testing.assert_close(got, torch.autograd.grad(expected.mean(), theta))


def test_torus_is_exact_with_its_derivative():
    points, signed = near_torus(30)
    major, minor = (torch.tensor(size, dtype=torch.float64, requires_grad=True) for size in (1.0, 0.4))
    result = implicit_distances(torus(major, minor), points, iterations=8)
    ring = ((points[:, :2].norm(dim=-1) - major).square() + points[:, 2].square()).sqrt()
    assert result.valid.all()
    torch.testing.assert_close(result.distance, signed.abs(), rtol=1e-7, atol=1e-9)
    got = torch.autograd.grad(result.distance.mean(), (major, minor))
    expected = torch.autograd.grad((ring - minor).abs().mean(), (major, minor))
    torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-8)


def test_four_steps_are_enough_near_a_surface():
    points, signed = near_torus(30, seed=1)
    result = implicit_distances(torus(1.0, 0.4), points)
    assert result.valid.all()
    assert (result.distance - signed.abs()).abs().max() < 1e-4


def test_gradient_is_that_of_the_full_implicit_system():
    """On an ellipsoid, against finite differences of the solved distance, which the short formula must equal."""
    points = 0.9 * torch.nn.functional.normalize(random(8, 3), dim=-1)
    theta = torch.tensor([0.1, 0.0, -0.1, 0.9, 0.7, 0.8], dtype=torch.float64)

    def distances(theta):
        return implicit_distances(
            lambda x: ((x - theta[:3]) / theta[3:]).square().sum(-1) - 1, points, iterations=8, tolerance=1e-9
        )

    assert distances(theta).valid.all()
    torch.autograd.gradcheck(lambda t: distances(t).distance, (theta.requires_grad_(),), eps=1e-6, atol=1e-6)


def test_gradient_in_the_points():
    points = random(6, 3).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda q: implicit_distances(sphere(1.0), q, iterations=8).distance, (points,), eps=1e-6, atol=1e-6
    )


def test_gradient_reaches_a_network_and_only_its_parameters():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Softplus(5.0), torch.nn.Linear(16, 1)).double()
    result = implicit_distances(lambda x: network(x).squeeze(-1), 0.3 * random(50, 3), tolerance=1e-8, iterations=8)
    assert result.valid.sum() > 10
    result.distance.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    assert not result.closest.requires_grad


def closest_by_definition(field, query):
    """Four least-squares Newton steps on grad (|x - q|^2 / 2 + m f(x)) = 0, for one point; and whether that counts."""

    def lagrangian(z):
        return (z[:3] - query).square().sum() / 2 + z[3] * field(z[None, :3])[0]

    gradient, hessian = torch.func.grad(lagrangian), torch.func.hessian(lagrangian)
    value, slope = field(query[None])[0].detach(), torch.func.grad(lambda x: field(x[None])[0])(query).detach()
    z = torch.cat([query - value * slope / slope.square().sum(), (value / slope.square().sum())[None]])
    for _ in range(4):
        z = (z - torch.linalg.lstsq(hessian(z), gradient(z)[:, None]).solution[:, 0]).detach()
    matrix = hessian(z).detach()
    tangents = torch.linalg.svd(torch.outer(matrix[3, :3], matrix[3, :3]))[0][:, 1:]
    curved = torch.linalg.eigvalsh(tangents.T @ matrix[:3, :3] @ tangents).min() > 0
    valid = (gradient(z).norm() < 1e-3) & curved & (torch.sign(z[3]) == torch.sign(value))
    return z, matrix, gradient, bool(valid)


def test_value_and_gradient_are_those_of_newtons_method_on_the_whole_system():
    """On a small network: H w = cotangent, then the gradient of -(w . grad Lagrangian) in the parameters."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Softplus(4.0), torch.nn.Linear(16, 1)).double()
    with torch.no_grad():
        network[2].bias -= network(torch.zeros(1, 3, dtype=torch.float64))[0]  # through the origin

    def field(x):
        return network(x)[:, 0]

    parameters, queries = list(network.parameters()), 0.4 * random(40, 3)
    result = implicit_distances(field, queries)
    solved = [closest_by_definition(field, query) for query in queries]
    assert result.valid.tolist() == [valid for *_, valid in solved]
    assert 10 < result.valid.sum() < 40
    for place in result.valid.nonzero()[:, 0]:
        z, matrix, gradient, _ = solved[place]
        offset = z[:3] - queries[place]
        assert result.distance[place].item() == pytest.approx(offset.norm().item(), rel=1e-5, abs=1e-9)
        cotangent = torch.cat([offset / offset.norm(), torch.zeros(1, dtype=torch.float64)])
        whole = -(torch.linalg.solve(matrix, cotangent) * gradient(z)).sum()
        expected = torch.autograd.grad(whole, parameters)
        got = torch.autograd.grad(result.distance[place], parameters, retain_graph=True)
        for one, other in zip(got, expected):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_points_on_the_surface_have_distance_zero_and_finite_gradient():
    radius = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    points = torch.nn.functional.normalize(random(6, 3), dim=-1)
    result = implicit_distances(sphere(radius), points)
    result.distance.sum().backward()
    assert result.valid.all()
    assert result.distance.max() < 1e-12
    assert torch.isfinite(radius.grad)


def test_no_answer_where_there_is_none():
    """The centre of a sphere has no normal; a field without zeros has no surface; a maximum is no minimum."""
    center = implicit_distances(sphere(1.0), torch.zeros(1, 3, dtype=torch.float64))
    nowhere = implicit_distances(lambda x: x.square().sum(-1) + 1, random(5, 3))
    for result in (center, nowhere):
        assert not result.valid.any()
        assert (result.distance == 0).all()
    assert torch.equal(nowhere.closest, random(5, 3))


def test_the_far_side_is_not_taken_for_the_near_one():
    """On |x|^2 = 1 every multiplier of a far point has the wrong sign or the wrong curvature."""
    points = random(200, 3)
    result = implicit_distances(sphere(1.0), points)
    expected = (points.norm(dim=-1) - 1).abs()
    assert result.valid.float().mean() > 0.9
    torch.testing.assert_close(result.distance[result.valid], expected[result.valid], rtol=0, atol=2e-3)


def test_masked_and_broken_points_go_nowhere():
    radius = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    points = random(2, 3, 3)
    expected = implicit_distances(sphere(radius), points[:, :2])
    points[:, 2] = torch.tensor([[torch.nan, 0, 0], [1e300, torch.inf, 0]])
    points = points.clone().requires_grad_()
    mask = torch.tensor([[True, True, False], [True, True, True]])
    result = implicit_distances(sphere(radius), points, mask=mask)
    assert torch.equal(result.valid[:, :2], expected.valid)
    assert not result.valid[:, 2].any()
    torch.testing.assert_close(result.distance[:, :2], expected.distance)
    torch.testing.assert_close(
        torch.autograd.grad(result.distance.sum(), radius, retain_graph=True),
        torch.autograd.grad(expected.distance.sum(), radius),
    )
    (gradient,) = torch.autograd.grad(result.distance.sum(), points)
    assert torch.isfinite(gradient).all()
    assert (gradient[:, 2] == 0).all()


def test_a_reduction_is_over_the_valid_distances():
    radius = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    points = random(4, 5, 3)
    points[1, 2] = 0  # the center, which has no nearest point
    each = implicit_distances(sphere(radius), points, iterations=8)
    assert 0 < each.valid.sum() < 20
    known = each.distance[each.valid]
    mean, total = (implicit_distance(sphere(radius), points, iterations=8, reduction=how) for how in ("mean", "sum"))
    torch.testing.assert_close(mean.distance, known.mean())
    torch.testing.assert_close(total.distance, known.sum())
    torch.testing.assert_close(*(torch.autograd.grad(value, radius) for value in (mean.distance, known.mean())))
    assert torch.equal(mean.valid, each.valid)
    assert torch.equal(mean.closest, each.closest)
    assert implicit_distance(sphere(1.0), torch.zeros(1, 3)).distance == 0  # of none
    with pytest.raises(ValueError, match=r"reduction must be .* got 'average'"):
        implicit_distance(sphere(1.0), points, reduction="average")


def test_no_grad_empty_and_other_dimensions():
    with torch.no_grad():
        assert not implicit_distances(
            sphere(torch.ones((), requires_grad=True)), torch.rand(4, 3)
        ).distance.requires_grad
    assert implicit_distance(sphere(1.0), torch.zeros(0, 3)).distance == 0
    circle = implicit_distances(sphere(1.0), torch.tensor([3.0, 0.0]), iterations=8)
    torch.testing.assert_close(circle.distance, torch.tensor(2.0))


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\)"):
        implicit_distances(sphere(1.0), torch.zeros(4, 3), mask=torch.ones(3, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"iterations must be at least 0 and tolerance positive, got -1 and 0\.001"):
        implicit_distances(sphere(1.0), torch.zeros(4, 3), iterations=-1)
    with pytest.raises(ValueError, match="got 4 and 0"):
        implicit_distances(sphere(1.0), torch.zeros(4, 3), tolerance=0.0)
    with pytest.raises(ValueError, match="got a scalar"):
        implicit_distances(sphere(1.0), torch.tensor(0.0))


def test_a_saddle_is_not_the_nearest_point():
    """From the long axis of a flat ellipsoid Newton goes to the tip, which is farther than the flat sides."""
    points = torch.tensor([[0.5, 0.0, 0.0], [0.98, 0.0, 0.0]], dtype=torch.float64)
    radii = torch.tensor([1.0, 0.3, 0.5], dtype=torch.float64)
    result = implicit_distances(lambda x: (x / radii).square().sum(-1) - 1, points, iterations=12)
    assert result.valid.tolist() == [False, True]  # the tip's smaller radius of curvature is 0.3^2 / 1
    torch.testing.assert_close(result.distance[1].item(), 0.02)


def test_a_point_reached_through_another_sheet_is_refused():
    """Between the sheets z = 0 and z = 1 of z^3 - z, the start at 0.55 leaps down to the sheet z = -1."""
    points = torch.tensor([[0.0, 0.0, 0.55], [0.0, 0.0, 0.65]], dtype=torch.float64)
    result = implicit_distances(lambda x: x[..., 2] ** 3 - x[..., 2], points, iterations=12)
    assert result.valid.tolist() == [False, True]
    torch.testing.assert_close(result.distance[1].item(), 0.35)


def test_rounding_on_the_surface_does_not_look_like_the_wrong_side():
    """In float32 the sign of f at a point of the surface is noise."""
    radii = torch.tensor([0.5, 0.7, 0.3])

    def field(x):
        return ((x - 0.1) / radii).square().sum(-1) - 1

    points = 0.5 * torch.nn.functional.normalize(random(2000, 3), dim=-1).float()
    near = implicit_distances(field, points, iterations=8, tolerance=1e-5)
    again = implicit_distances(field, near.closest[near.valid])
    assert near.valid.sum() > 1000
    assert again.valid.all()
    assert again.distance.max() < 1e-4


def test_the_field_is_never_asked_about_a_point_that_is_not_finite():
    def careful(x):
        assert torch.isfinite(x).all()
        return x.square().sum(-1) - 1

    points = torch.tensor([[0.0, 0.0, 0.0], [torch.nan, 0.0, 0.0], [0.5, 0.0, 0.0]])  # the first has no gradient
    assert implicit_distances(careful, points, iterations=8).valid.tolist() == [False, False, True]

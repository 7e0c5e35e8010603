"""estimate_normals: planes, spheres, the sign, degenerate neighbourhoods, masks, derivatives, refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape import ops


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def ball(count, seed=0):
    return torch.nn.functional.normalize(cloud(count, 3, seed=seed), dim=-1)


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_points_of_a_plane_have_its_normal(seed, offset, scale):
    axes = torch.linalg.qr(cloud(3, 3, seed=seed)).Q
    points = scale * (cloud(40, 2, seed=seed) @ axes[:2] + offset)
    expected = axes[2] * axes[2][axes[2].abs().argmax()].sign()
    torch.testing.assert_close(ops.estimate_normals(points, k=8), expected.expand(40, 3), rtol=0, atol=1e-6)


def test_normals_of_a_sphere_point_along_its_radii():
    points = ball(4000)
    cosines = (ops.estimate_normals(points, k=12) * points).sum(-1).abs()
    assert cosines.min() > 0.99


def test_normals_of_a_curve_in_the_plane():
    angles = torch.linspace(0, 2 * math.pi, 201)[:-1].double()
    points = torch.stack([angles.cos(), angles.sin()], dim=-1)
    cosines = (ops.estimate_normals(points, k=3) * points).sum(-1).abs()
    torch.testing.assert_close(cosines, torch.ones(200).double(), rtol=0, atol=1e-6)


def test_the_largest_component_is_positive():
    normals = ops.estimate_normals(ball(300), k=8)
    leading = normals.gather(-1, normals.abs().argmax(-1, keepdim=True))
    assert (leading > 0).all()
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(300).double())


def test_a_rotation_turns_them_and_the_order_moves_them():
    points, rotation = ball(200), torch.linalg.qr(cloud(3, 3, seed=5)).Q
    expected = ops.estimate_normals(points, k=9)
    turned = ops.estimate_normals(points @ rotation + 3, k=9)
    torch.testing.assert_close((turned * (expected @ rotation)).sum(-1).abs(), torch.ones(200).double())
    order = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ops.estimate_normals(points[order], k=9), expected[order])


@pytest.mark.parametrize(
    "points",
    [torch.zeros(6, 3), torch.arange(6.0)[:, None] * torch.tensor([[1.0, 2.0, 3.0]]), torch.zeros(1, 3)],
    ids=["one place", "a line", "one point"],
)
def test_no_plane_no_normal_and_no_gradient(points):
    points = points.clone().requires_grad_()
    normals = ops.estimate_normals(points, k=5)
    assert not normals.any()
    normals.sum().backward()
    assert not points.grad.any()


def test_masked_points_are_as_good_as_gone():
    points = torch.stack([ball(40), ball(40, seed=1)])
    mask = torch.arange(40) < torch.tensor([[40], [25]])
    points = torch.where(mask[..., None], points, math.nan).requires_grad_()
    normals = ops.estimate_normals(points, k=30, mask=mask)
    assert not normals[~mask].any()
    for b in range(2):
        torch.testing.assert_close(normals[b, mask[b]], ops.estimate_normals(points[b, mask[b]], k=30))
    (gradient,) = torch.autograd.grad(normals.sum(), points)
    assert gradient.isfinite().all()
    assert not gradient[~mask].any()
    assert gradient[mask].any()


def test_first_and_second_derivatives():
    points = cloud(2, 7, 3).requires_grad_()

    def normals(points):
        return ops.estimate_normals(points, k=5)

    assert torch.autograd.gradcheck(normals, points)
    assert torch.autograd.gradgradcheck(normals, points)


def test_on_a_grid_two_directions_spread_alike_and_the_gradient_is_finite():
    xy = torch.cartesian_prod(torch.arange(5.0), torch.arange(5.0)).double()
    points = torch.cat([xy, torch.zeros(25, 1).double()], dim=1).requires_grad_()
    normals = ops.estimate_normals(points, k=9)
    assert normals[12].tolist() == pytest.approx([0, 0, 1])
    (gradient,) = torch.autograd.grad(normals.sum(), points)
    assert gradient.isfinite().all()
    assert gradient.any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_float32_agrees_with_float64_far_from_the_origin(dtype):
    points = ball(60).to(dtype)
    normals = ops.estimate_normals(points, k=8)
    assert normals.dtype == torch.float32
    expected = ops.estimate_normals(points.double(), k=8)
    assert ((normals.double() * expected).sum(-1).abs() > 1 - 1e-4).all()
    far = (ball(60) * 64).round() / 64
    moved = ops.estimate_normals((far + 2**10).float(), k=8)
    assert ((moved.double() * ops.estimate_normals(far, k=8)).sum(-1).abs() > 1 - 1e-4).all()


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (torch.zeros(3), {}, r"points must be floating point, shape \(B, N, D\) or \(N, D\) with D >= 2, got"),
        (torch.zeros(5, 1), {}, "points must be floating point, shape"),
        (torch.zeros(5, 3).long(), {}, "points must be floating point, shape"),
        (torch.zeros(5, 3), {"k": 2}, "k must be an integer of at least 3, the dimension, got 2"),
        (torch.zeros(5, 3), {"mask": torch.ones(4).bool()}, r"mask must be boolean with shape \(5,\)"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(points, options, message):
    with pytest.raises(ValueError, match=f"^estimate_normals: {message}"):
        ops.estimate_normals(points, **options)


def test_every_way_of_differentiating_gives_the_same():
    points, direction = cloud(9, 3), cloud(9, 3, seed=1)

    def total(points):
        return (ops.estimate_normals(points, k=5) * torch.arange(1.0, 4.0)).sum()

    leaf = points.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(leaf), leaf)
    _, tangent = torch.autograd.functional.jvp(total, points, direction)
    torch.testing.assert_close(tangent, (gradient * direction).sum())
    with torch.autograd.forward_ad.dual_level():
        dual = total(torch.autograd.forward_ad.make_dual(points, direction))
        torch.testing.assert_close(torch.autograd.forward_ad.unpack_dual(dual).tangent, tangent)

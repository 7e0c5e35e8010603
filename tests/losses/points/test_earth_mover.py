import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffshape.losses import earth_mover_distance


def cloud(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def test_hand_values():
    x = torch.tensor([[0.0, 0.0], [3.0, 0.0]])
    y = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    assert earth_mover_distance(x, y) == 2.5
    assert earth_mover_distance(x, y, point_reduction="sum") == 5
    assert earth_mover_distance(x, y, squared=True) == 8.5
    assert earth_mover_distance(x, y, squared=True, point_reduction="sum", reduction="none").shape == ()


def test_squares_choose_another_bijection():
    x, y = torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [2.0, 0.6]])
    pairs = torch.tensor([[1.0, math.hypot(1, 0.6)], [math.hypot(2, 0.6), 0.0]])
    assert pairs[1].mean() < pairs[0].mean()
    torch.testing.assert_close(earth_mover_distance(x, y), pairs[1].mean())
    assert pairs[0].square().mean() < pairs[1].square().mean()
    torch.testing.assert_close(earth_mover_distance(x, y, squared=True), pairs[0].square().mean())


def test_reductions_over_samples():
    x, y = torch.zeros(2, 3, 3), torch.zeros(2, 3, 3)
    y[1, :, 0] = 2
    assert earth_mover_distance(x, y, reduction="none").tolist() == [0, 2]
    assert earth_mover_distance(x, y) == 1
    assert earth_mover_distance(x, y, reduction="sum", point_reduction="sum") == 6


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_least_of_all_permutations(seed):
    x, y = cloud(5, 3, seed=seed), cloud(5, 3, seed=seed + 1)
    least = min((x - y[list(p)]).norm(dim=-1).mean() for p in itertools.permutations(range(5)))
    torch.testing.assert_close(earth_mover_distance(x, y), least)


@given(st.integers(0, 10_000), st.floats(-100, 100), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_symmetric_and_invariant_and_as_large_as_the_shape(seed, offset, scale):
    x, y = cloud(2, 15, 3, seed=seed), cloud(2, 15, 3, seed=seed + 1)
    expected = earth_mover_distance(x, y)
    rotation, _ = torch.linalg.qr(cloud(3, 3, seed=seed))
    moved = earth_mover_distance(x.flip(1) @ rotation + offset, y @ rotation + offset)
    torch.testing.assert_close(moved, expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(earth_mover_distance(y, x), expected)
    torch.testing.assert_close(earth_mover_distance(scale * x, scale * y), scale * expected)
    torch.testing.assert_close(
        earth_mover_distance(scale * x, scale * y, squared=True), scale**2 * earth_mover_distance(x, y, squared=True)
    )


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_metric_between_mean_differences_and_noise(seed):
    x, y, z = (cloud(12, 2, seed=seed + i) for i in range(3))
    assert earth_mover_distance(x, z) <= earth_mover_distance(x, y) + earth_mover_distance(y, z) + 1e-12
    assert earth_mover_distance(x, y) >= (x.mean(0) - y.mean(0)).norm() - 1e-12
    torch.testing.assert_close(earth_mover_distance(x, x + 0.01), torch.tensor(0.01 * 2**0.5, dtype=x.dtype))


def test_gradient_by_hand():
    x = torch.tensor([[0.0, 0.0], [3.0, 0.0]], requires_grad=True)
    y = torch.tensor([[3.0, 4.0], [0.0, 1.0]], requires_grad=True)
    earth_mover_distance(x, y).backward()
    assert x.grad.tolist() == [[0.0, -0.5], [0.0, -0.5]]
    assert y.grad.tolist() == [[0.0, 0.5], [0.0, 0.5]]


def test_coincident_points_have_zero_derivatives():
    x = cloud(8, 3).requires_grad_()
    y = x.detach().flip(0).requires_grad_()
    distance = earth_mover_distance(x, y)
    gradients = torch.autograd.grad(distance, (x, y), create_graph=True)
    assert distance == 0
    second = torch.autograd.grad(sum(each.sum() for each in gradients), (x, y))
    for derivative in (*gradients, *second):
        assert torch.equal(derivative, torch.zeros_like(derivative))


def test_one_point_and_duplicates_and_far_away():
    assert earth_mover_distance(torch.zeros(1, 3), torch.tensor([[0.0, 3.0, 4.0]])) == 5
    x = torch.zeros(20, 3, requires_grad=True)
    distance = earth_mover_distance(x, torch.ones(20, 3))
    distance.backward()
    torch.testing.assert_close(distance, torch.tensor(3**0.5))
    torch.testing.assert_close(x.grad, torch.full((20, 3), -1 / 3**0.5 / 20))
    near = cloud(20, 3).float()
    assert earth_mover_distance(near + 1e6, near.flip(0) + 1e6) == 0
    torch.testing.assert_close(earth_mover_distance(near, near - 1e6), torch.tensor(3e12**0.5), rtol=1e-6, atol=0)


def test_masked_nan_goes_nowhere():
    x, y = cloud(2, 7, 3), cloud(2, 7, 3, seed=1)
    x_mask, y_mask = torch.ones(2, 7, dtype=torch.bool), torch.ones(2, 7, dtype=torch.bool)
    x_mask[0, 0] = y_mask[0, 5] = False
    x_nan = x.masked_fill(~x_mask[..., None], torch.nan).requires_grad_()
    y_nan = y.masked_fill(~y_mask[..., None], torch.inf).requires_grad_()
    values = earth_mover_distance(x_nan, y_nan, x_mask=x_mask, y_mask=y_mask, reduction="none")
    torch.testing.assert_close(values[0], earth_mover_distance(x[0, x_mask[0]], y[0, y_mask[0]]))
    torch.testing.assert_close(values[1], earth_mover_distance(x[1], y[1]))
    for gradient, mask in zip(torch.autograd.grad(values.sum(), (x_nan, y_nan)), (x_mask, y_mask)):
        assert torch.isfinite(gradient).all()
        assert torch.equal(gradient[~mask], torch.zeros(1, 3, dtype=x.dtype))
        assert (gradient[mask] != 0).all()


def test_the_auction_is_within_its_bound():
    x, y = cloud(3, 80, 3), 0.1 * cloud(3, 80, 3, seed=1)
    exact = earth_mover_distance(x, y, reduction="none")
    rough = earth_mover_distance(x, y, solver="auction", epsilon=0.3, reduction="none")
    assert (exact <= rough * (1 + 1e-12)).all()
    assert (rough <= 1.3 * exact).all()
    assert (rough > exact * (1 + 1e-9)).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype):
    x = torch.tensor([[300.0, 0.0], [0.0, 0.0]], dtype=dtype, requires_grad=True)
    distance = earth_mover_distance(x, torch.zeros(2, 2, dtype=dtype), squared=True)
    distance.backward()
    assert (distance.dtype, distance.item()) == (torch.float32, 45_000.0)
    assert x.grad.tolist() == [[300.0, 0.0], [0.0, 0.0]]


def test_the_compiler_sees_one_graph():
    x, y = cloud(2, 9, 3).requires_grad_(), cloud(2, 9, 3, seed=1)
    compiled = torch.compile(earth_mover_distance, backend="eager", fullgraph=True)
    expected, actual = earth_mover_distance(x, y), compiled(x, y)
    assert torch.equal(actual, expected)
    assert torch.equal(torch.autograd.grad(actual, x)[0], torch.autograd.grad(expected, x)[0])


GOOD = torch.zeros(2, 4, 3)
LESS = torch.tensor([[True] * 4, [True, True, True, False]])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (GOOD, torch.zeros(2, 5, 3), {}, r"needs as many points on each side, got shapes \(2, 4, 3\) and \(2, 5, 3\)"),
        (torch.zeros(3), torch.zeros(3), {}, r"x must be floating point, shape \(B, N, D\) or \(N, D\)"),
        (GOOD, torch.zeros(1, 4, 3), {}, r"y must have shape"),
        (GOOD, GOOD.double(), {}, r"x and y must share dtype and device"),
        (GOOD * math.nan, GOOD, {}, r"x has non-finite coordinates"),
        (GOOD, GOOD, {"point_reduction": "max"}, "point_reduction must be one of 'mean', 'sum', got 'max'"),
        (GOOD, GOOD, {"x_mask": LESS}, r"leave as many points on each side, in sample 1 they leave 3 and 4"),
        (GOOD, GOOD, {"x_mask": ~LESS, "y_mask": ~LESS}, r"every sample of x needs a point"),
        (GOOD, GOOD, {"reduction": "average"}, r"reduction must be"),
    ],
)
def test_wrong_arguments(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        earth_mover_distance(x, y, **options)
